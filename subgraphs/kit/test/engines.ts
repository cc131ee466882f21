import type { EventBus } from '../src/bus/bus.ts'
import { createPostgresBus } from '../src/bus/postgres.ts'
import type { JobQueue } from '../src/jobs/jobs.ts'
import { createPostgresJobs } from '../src/jobs/postgres.ts'
import type { KeyValue } from '../src/kv/kv.ts'
import { createPostgresKeyValue } from '../src/kv/postgres.ts'
import { silentLog } from '../src/log.ts'

/** The engines of each port by name, opened at a URL: one line each. Shared with the processes that tests start and kill. */
const log = silentLog

export const busEngines = {
  postgres: (url: string): Promise<EventBus> => createPostgresBus({ url, log, leaseMs: 1500, pollMs: 100 }),
}

export const jobEngines = {
  postgres: (url: string): Promise<JobQueue> => createPostgresJobs({ url, log, pollMs: 100 }),
}

export const keyValueEngines = {
  postgres: (url: string, durable: boolean): Promise<KeyValue> =>
    createPostgresKeyValue({ url, durable, log, sweepMs: 200 }),
}

export type BusEngine = keyof typeof busEngines
export type JobEngine = keyof typeof jobEngines
export type KeyValueEngine = keyof typeof keyValueEngines
