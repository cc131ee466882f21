import type { EventBus } from '../src/bus/bus.ts'
import { createKafkaBus } from '../src/bus/kafka.ts'
import { createPostgresBus } from '../src/bus/postgres.ts'
import type { JobQueue } from '../src/jobs/jobs.ts'
import { createPostgresJobs } from '../src/jobs/postgres.ts'
import { createRabbitJobs } from '../src/jobs/rabbitmq.ts'
import type { KeyValue } from '../src/kv/kv.ts'
import { createPostgresKeyValue } from '../src/kv/postgres.ts'
import { createRedisKeyValue } from '../src/kv/redis.ts'
import { type Log, silentLog } from '../src/log.ts'

/** The engines of each port by name, opened at a URL: one line each. Shared with the processes that tests start and kill. */
const log = silentLog

export const busEngines = {
  postgres: (url: string, log: Log = silentLog): Promise<EventBus> =>
    createPostgresBus({ url, log, leaseMs: 1500, pollMs: 100 }),
  /** What stands behind the URL's `#` begins all names. */
  kafka: (url: string, log: Log = silentLog): Promise<EventBus> =>
    createKafkaBus({ brokers: [new URL(url).host], log, prefix: new URL(url).hash.slice(1) }),
}

export const jobEngines = {
  postgres: (url: string): Promise<JobQueue> => createPostgresJobs({ url, log, pollMs: 100 }),
  rabbitmq: (url: string): Promise<JobQueue> => createRabbitJobs({ url, log }),
}

export const keyValueEngines = {
  postgres: (url: string, durable: boolean): Promise<KeyValue> =>
    createPostgresKeyValue({ url, durable, log, sweepMs: 200 }),
  /** What stands behind the URL's `#` begins all names. */
  redis: (url: string, durable: boolean): Promise<KeyValue> =>
    createRedisKeyValue({ url, durable, log, prefix: url.split('#')[1] }),
}

export type BusEngine = keyof typeof busEngines
export type JobEngine = keyof typeof jobEngines
export type KeyValueEngine = keyof typeof keyValueEngines
