import { z } from 'zod'

const schema = z.object({
  /** A Hive Router binary that takes part in `gateway`. */
  HIVE_ROUTER: z.string().min(1).optional(),
  /** A Cosmo Router binary that takes part in `gateway`; its configuration is composed by `npx wgc`. */
  COSMO_ROUTER: z.string().min(1).optional(),
  /** The Redis that takes part in `kv`; without it one is started. */
  REDIS_URL: z.string().min(1).optional(),
  /** The brokers that take part in `bus`, by commas; without them Kafka does not. */
  KAFKA_BROKERS: z.string().min(1).optional(),
  /** The RabbitMQ that takes part in `jobs`; without it there is none. */
  RABBITMQ_URL: z.string().min(1).optional(),
  PATH: z.string().default('/usr/bin:/bin'),
  HOME: z.string().default('/'),
})

/** What the benchmarks read from the environment. */
export const env = schema.parse(process.env)

/** The variables that a measured program gets: production, no telemetry, and those that its row names. */
export function subjectEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return {
    PATH: env.PATH,
    HOME: env.HOME,
    NODE_ENV: 'production',
    APOLLO_TELEMETRY_DISABLED: '1',
    ...extra,
  }
}
