import { afterAll, beforeAll, onTestFinished, vi } from 'vitest'
import type { Job, JobQueue, JobWorker } from '../src/jobs/jobs.ts'
import { type JobEngine, jobEngines } from './engines.ts'
import { upTo } from './events.ts'
import { type JobPlace, postgresPlace, rabbitPlaces } from './job-places.ts'

export interface JobEngineUnderTest {
  readonly name: JobEngine
  readonly place: () => JobPlace | Promise<JobPlace>
}

/** Every engine of the job queue that is up. */
export const jobQueues: readonly JobEngineUnderTest[] = [
  { name: 'postgres', place: postgresPlace },
  ...rabbitPlaces.map((place) => ({ name: 'rabbitmq' as const, place })),
]

/** A job queue for the tests of a `describe`, opened before them and closed behind them. */
export function jobGround({ name, place }: JobEngineUnderTest) {
  const ground = { place: undefined as JobPlace | undefined, jobs: undefined as JobQueue | undefined }
  beforeAll(async () => {
    ground.place = await place()
    ground.jobs = await jobEngines[name](ground.place.url)
  })
  afterAll(async () => {
    await ground.jobs?.close()
    await ground.place?.close()
  })
  function opened<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('It is opened before the tests')
    return part
  }

  return {
    engine: name,
    get jobs(): JobQueue {
      return opened(ground.jobs)
    },
    get impatientUrl(): string {
      return opened(ground.place).impatientUrl
    },
    /** A queue that no other test uses. */
    queue: () => opened(ground.place).queue(),
    /** Another process's view of the same queues. */
    openAnother: () => jobEngines[name](opened(ground.place).url),
    /** Works for the length of the test; answers the jobs that were done. */
    async work(
      worker: Omit<JobWorker, 'handle'> & Partial<JobWorker>,
      on = opened(ground.jobs),
    ): Promise<Job[]> {
      const done: Job[] = []
      const running = await on.work({
        ...worker,
        async handle(job, signal) {
          await worker.handle?.(job, signal)
          done.push(job)
        },
      })
      onTestFinished(() => running.close())
      return done
    },
  }
}

export const eventually = (check: () => unknown): Promise<unknown> =>
  vi.waitFor(check, { timeout: 25_000, interval: 20 })

export const numbers = (done: readonly Job[]): unknown[] => done.map(({ data }) => data.number)

export const numbered = (count: number) => upTo(count).map((number) => ({ data: { number } }))
