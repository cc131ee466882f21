import { z } from 'zod'
import type { EventBus } from './bus/bus.ts'
import { createPostgresBus } from './bus/postgres.ts'
import {
  type Databases,
  type DatabasesOptions,
  openDatabases,
  sharedDatabase,
} from './databases/databases.ts'
import { readEnv } from './env.ts'
import type { JobQueue } from './jobs/jobs.ts'
import { createPostgresJobs } from './jobs/postgres.ts'
import type { KeyValue } from './kv/kv.ts'
import { createPostgresKeyValue } from './kv/postgres.ts'
import type { Log } from './log.ts'

/** Where the shared engines are. What is not set stands in the database `platform`. */
const settings = z.object({
  /** `host:port`, by commas. */
  KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/, 'is no list of host:port')
    .transform((text) => text.split(','))
    .optional(),
  RABBITMQ_URL: z.url({ protocol: /^amqps?$/ }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
})

/** What every process that knows clients shares. */
export interface KeyValues {
  /** Durable, never cached in the process. */
  readonly sessions: KeyValue
  /** May be lost. */
  readonly cache: KeyValue
}

/** What the services of a process stand on. */
export interface Platform extends KeyValues {
  readonly databases: Databases
  readonly bus: EventBus
  readonly jobs: JobQueue
  /** Closes all of it, the built-in server last. */
  close(): Promise<void>
}

/**
 * Opens the databases of the services and the shared engines, each where the environment says (`KAFKA_BROKERS`,
 * `RABBITMQ_URL`, `REDIS_URL`, `DATABASE_URL_<SERVICE>`) and in PostgreSQL otherwise.
 * @throws StartupError as openDatabases does, and when a named engine does not answer; what was opened by then is closed
 */
export async function openPlatform(options: DatabasesOptions): Promise<Platform> {
  const { log, services, env } = options
  const { KAFKA_BROKERS: brokers, RABBITMQ_URL: rabbitmq, REDIS_URL: redis } = readEnv(settings, env)
  const shared = brokers && rabbitmq && redis ? [] : [sharedDatabase]
  return opening(
    await openDatabases({ ...options, services: [...services, ...shared] }),
    async (opened, url) => {
      const [bus, jobs, keyValues] = await Promise.all([
        opened(brokers ? kafkaBus(brokers, log) : createPostgresBus({ url: url(), log })),
        opened(rabbitmq ? rabbitJobs(rabbitmq, log) : createPostgresJobs({ url: url(), log })),
        openKeyValuePair(redis, { opened, url, log }),
      ])
      return { bus, jobs, ...keyValues }
    },
  )
}

/** Opens sessions and caches alone, for a process that neither tells events nor does jobs. @throws StartupError */
export async function openKeyValues(
  options: Omit<DatabasesOptions, 'services'>,
): Promise<KeyValues & Pick<Platform, 'databases' | 'close'>> {
  const { log, env } = options
  const { REDIS_URL: redis } = readEnv(settings, env)
  const databases = await openDatabases({ ...options, services: redis ? [] : [sharedDatabase] })
  return opening(databases, (opened, url) => openKeyValuePair(redis, { opened, url, log }))
}

type Opened = <Part extends { close(): Promise<void> }>(part: Promise<Part>) => Promise<Part>

/** Keeps what is opened, to close it in reverse order: at the end, or at once when a part cannot be opened. */
async function opening<Parts extends object>(
  databases: Databases,
  open: (opened: Opened, url: () => string) => Promise<Parts>,
): Promise<Parts & { databases: Databases; close(): Promise<void> }> {
  const parts: { close(): Promise<void> }[] = []
  const pending: Promise<unknown>[] = []
  const opened: Opened = (part) => {
    pending.push(part.then((made) => parts.push(made)))
    return part
  }
  const close = async () => {
    await Promise.allSettled(pending)
    for (const part of parts.splice(0).reverse()) await part.close()
    await databases.stop()
  }
  try {
    return { ...(await open(opened, () => databases.url(sharedDatabase))), databases, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openKeyValuePair(
  redis: string | undefined,
  { opened, url, log }: { opened: Opened; url: () => string; log: Log },
): Promise<KeyValues> {
  const open = (durable: boolean) =>
    opened(
      redis ? redisKeyValue(redis, { durable, log }) : createPostgresKeyValue({ url: url(), durable, log }),
    )
  const [sessions, cache] = await Promise.all([open(true), open(false)])
  return { sessions, cache }
}

// Clients of engines that a process does not use are not loaded: a start does not pay for them.
async function kafkaBus(brokers: readonly string[], log: Log): Promise<EventBus> {
  const { createKafkaBus } = await import('./bus/kafka.ts')
  return createKafkaBus({ brokers, log })
}
async function rabbitJobs(url: string, log: Log): Promise<JobQueue> {
  const { createRabbitJobs } = await import('./jobs/rabbitmq.ts')
  return createRabbitJobs({ url, log })
}
async function redisKeyValue(url: string, options: { durable: boolean; log: Log }): Promise<KeyValue> {
  const { createRedisKeyValue } = await import('./kv/redis.ts')
  return createRedisKeyValue({ url, ...options })
}
