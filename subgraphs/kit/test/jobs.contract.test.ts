import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Job, JobQueue, JobWorker } from '../src/jobs/jobs.ts'
import { pgDatabase } from '../src/outbox/database.ts'
import { createInbox } from '../src/outbox/sql-inbox.ts'
import { outboxTables } from '../src/outbox/tables.ts'
import { createTestDatabase } from '../src/testing/database.ts'
import { type JobEngine, jobEngines } from './engines.ts'
import { fresh, upTo } from './events.ts'
import { type JobPlace, postgresPlace, rabbitPlaces } from './job-places.ts'
import { kill, said, startProcess } from './processes/start.ts'

const engines: { name: JobEngine; place: () => JobPlace | Promise<JobPlace> }[] = [
  { name: 'postgres', place: postgresPlace },
  ...rabbitPlaces.map((place) => ({ name: 'rabbitmq' as const, place })),
]

describe.each(engines)('the job queue on $name', ({ name, place }) => {
  let server: JobPlace
  let jobs: JobQueue
  const open = () => jobEngines[name](server.url)
  const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 25_000, interval: 20 })

  beforeAll(async () => {
    server = await place()
    jobs = await open()
  })
  afterAll(async () => {
    await jobs.close()
    await server.close()
  })

  /** Works for the length of the test; answers the jobs that were done. */
  async function work(worker: Omit<JobWorker, 'handle'> & Partial<JobWorker>, on = jobs): Promise<Job[]> {
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
  }
  const numbers = (done: readonly Job[]) => done.map(({ data }) => data.number)
  const numbered = (count: number) => upTo(count).map((number) => ({ data: { number } }))

  test('does each job once and tells its id', async () => {
    const queue = server.queue()
    const ids = await jobs.publish(queue, numbered(30))
    expect(new Set(ids).size).toBe(30)
    const done = await work({ queue })
    await eventually(() => expect(done).toHaveLength(30))
    expect(done.map(({ id }) => id).sort()).toEqual([...ids].sort())
    expect(done[0]).toEqual({
      id: expect.any(String),
      queue,
      data: { number: expect.any(Number) },
      attempt: 1,
    })
    expect(await jobs.publish(queue, [])).toEqual([])
  })

  test('shares jobs between workers, each job with one of them', async () => {
    const queue = server.queue()
    const other = await open()
    onTestFinished(() => other.close())
    const mine = await work({
      queue,
      concurrency: 2,
      handle: () => new Promise((done) => setTimeout(done, 10)),
    })
    const theirs = await work(
      { queue, concurrency: 2, handle: () => new Promise((done) => setTimeout(done, 10)) },
      other,
    )
    await jobs.publish(queue, numbered(60))
    await eventually(() => expect(mine.length + theirs.length).toBe(60))
    expect(new Set([...numbers(mine), ...numbers(theirs)]).size).toBe(60)
    expect(mine.length).toBeGreaterThan(0)
    expect(theirs.length).toBeGreaterThan(0)
  })

  test('does higher priorities first, and equal ones in their order', async () => {
    const queue = server.queue()
    await jobs.publish(queue, [
      { data: { number: 1 } },
      { data: { number: 2 }, priority: 9 },
      { data: { number: 3 }, priority: 5 },
    ])
    await jobs.publish(queue, [{ data: { number: 4 }, priority: 9 }])
    const done = await work({ queue, concurrency: 1 })
    await eventually(() => expect(numbers(done)).toEqual([2, 4, 3, 1]))
  })

  test('holds a delayed job back', async () => {
    const queue = server.queue()
    const at: number[] = []
    const done = await work({
      queue,
      async handle() {
        at.push(Date.now())
      },
    })
    const published = Date.now()
    await jobs.publish(queue, [{ data: { number: 1 }, delayMs: 700 }, { data: { number: 2 } }])
    await eventually(() => expect(numbers(done)).toEqual([2, 1]))
    expect((at[1] ?? 0) - published).toBeGreaterThanOrEqual(690)
  })

  test('lets no job wait behind one that waits longer', async () => {
    const queue = server.queue()
    const done = await work({ queue })
    const delays = [6000, 300, 2600, 1000]
    await jobs.publish(
      queue,
      delays.map((delayMs) => ({ data: { number: delayMs }, delayMs })),
    )
    await eventually(() => expect(numbers(done)).toEqual(delays.toSorted((a, b) => a - b)))
  })

  test('has its effect once by the inbox of its worker, however often it was published', async () => {
    const queue = server.queue()
    const database = await createTestDatabase('kit')
    const pool = new pg.Pool({ connectionString: database.url })
    onTestFinished(async () => {
      await pool.end()
      await database.close()
    })
    await pool.query(`${outboxTables}; create table effect (id text)`)
    const inbox = createInbox()
    const effects = pgDatabase(pool)
    const id = fresh('mail')
    const job = { id, data: { number: 1 } }
    expect(await jobs.publish(queue, [job, job])).toEqual([id, id])
    await jobs.publish(queue, [job])
    const done = await work({
      queue,
      handle: ({ id }) =>
        effects.transaction(async (sql) => {
          if (await inbox.accept(sql, queue, id))
            await sql.execute('insert into effect (id) values ($1)', [id])
        }),
    })
    await jobs.publish(queue, [{ data: { number: 2 } }])
    await eventually(() => expect(numbers(done)).toContain(2))
    await eventually(() => expect(numbers(done)).toContain(1))
    expect((await pool.query('select id from effect where id = $1', [id])).rows).toEqual([{ id }])
  })

  test('refuses what is beyond the bounds of every engine, and queues nothing of it', async () => {
    const queue = server.queue()
    const sound = { data: { number: 1 } }
    for (const wrong of [
      { priority: 10 },
      { priority: 0.5 },
      { delayMs: -1 },
      { delayMs: 1e9 },
      { id: 'x'.repeat(256) },
    ])
      await expect(jobs.publish(queue, [sound, { ...sound, ...wrong }])).rejects.toThrow(RangeError)
    await expect(jobs.publish('a queue', [sound])).rejects.toThrow(RangeError)
    const handle = async () => undefined
    for (const wrong of [{ concurrency: 0 }, { attempts: 0 }, { timeoutMs: 3_600_000 }])
      await expect(jobs.work({ queue, handle, ...wrong })).rejects.toThrow(RangeError)
    const done = await work({ queue })
    await jobs.publish(queue, [{ data: { number: 2 } }])
    await eventually(() => expect(numbers(done)).toEqual([2]))
  })

  test('tries a failing job again, later each time, and counts the attempts', async () => {
    const queue = server.queue()
    const attempts: number[] = []
    const done = await work({
      queue,
      attempts: 3,
      async handle({ attempt }) {
        attempts.push(attempt)
        if (attempt < 3) throw new Error('not yet')
      },
    })
    await jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(() => expect(numbers(done)).toEqual([1]))
    expect(attempts).toEqual([1, 2, 3])
    expect(await jobs.deadJobs(queue)).toEqual([])
  })

  test('sets a job aside with its cause when its attempts are used up, even one that waited before its worker', async () => {
    const queue = server.queue()
    const [id] = await jobs.publish(queue, [{ data: { number: 7 } }])
    await work({
      queue,
      attempts: 2,
      async handle() {
        throw new Error('no such mailbox')
      },
    })
    await eventually(async () => {
      expect(await jobs.deadJobs(queue)).toEqual([
        {
          job: { id, queue, data: { number: 7 }, attempt: 2 },
          cause: 'no such mailbox',
          failedAt: expect.any(Date),
        },
      ])
    })
  })

  test('queues dead jobs again, all or those that are named', async () => {
    const queue = server.queue()
    let broken = true
    const done = await work({
      queue,
      attempts: 1,
      async handle() {
        if (broken) throw new Error('broken')
      },
    })
    const [, second] = await jobs.publish(queue, numbered(3))
    await eventually(async () => expect(await jobs.deadJobs(queue)).toHaveLength(3))
    expect(await jobs.replayDeadJobs(queue, ['no such id'])).toBe(0)
    broken = false
    expect(await jobs.replayDeadJobs(queue, [second ?? ''])).toBe(1)
    await eventually(() => expect(numbers(done)).toEqual([1]))
    expect(done[0]?.id).toBe(second)
    expect(await jobs.replayDeadJobs(queue)).toBe(2)
    await eventually(() => expect(numbers(done).sort()).toEqual([0, 1, 2]))
    expect(await jobs.deadJobs(queue)).toEqual([])
  })

  test('does no more at once than the worker says', async () => {
    const queue = server.queue()
    let atOnce = 0
    let most = 0
    const done = await work({
      queue,
      concurrency: 3,
      async handle() {
        atOnce += 1
        most = Math.max(most, atOnce)
        await new Promise((resolve) => setTimeout(resolve, 20))
        atOnce -= 1
      },
    })
    await jobs.publish(queue, numbered(20))
    await eventually(() => expect(done).toHaveLength(20))
    expect(most).toBe(3)
  })

  /** A worker takes a job and is gone, or stands still; answers the jobs that another does after it. */
  async function afterTheLossOfAWorker(loss: { signal: 'SIGKILL' | 'SIGSTOP'; acknowledgeFirst?: boolean }) {
    const { signal, acknowledgeFirst = false } = loss
    const queue = server.queue()
    const url = server.impatientUrl
    const stuck = await startProcess('stuck-worker.ts', {
      engine: name,
      url,
      queue,
      timeoutMs: 2000,
      acknowledgeFirst,
    })
    await jobs.publish(queue, [{ data: { number: 1 } }])
    await said(stuck, 'took')
    if (signal === 'SIGKILL') await kill(stuck)
    else stuck.kill('SIGSTOP')
    return work({ queue, timeoutMs: 2000 })
  }

  test('gives a killed worker’s job to another', async () => {
    const done = await afterTheLossOfAWorker({ signal: 'SIGKILL' })
    await eventually(() => expect(numbers(done)).toEqual([1]))
    expect(done[0]?.attempt).toBe(2)
  })

  test('gives the job of a worker that stands still to another', async () => {
    const done = await afterTheLossOfAWorker({ signal: 'SIGSTOP' })
    await eventually(() => expect(numbers(done)).toEqual([1]))
    expect(done[0]?.attempt).toBe(2)
  })

  test('would lose a killed worker’s job if it were acknowledged before its effect', async () => {
    const done = await afterTheLossOfAWorker({ signal: 'SIGKILL', acknowledgeFirst: true })
    const takenUp = vi.waitFor(() => expect(numbers(done)).toEqual([1]), { timeout: 6000 })
    await expect(takenUp).rejects.toThrow()
  })

  test('aborts a job that takes too long and tries it again', async () => {
    const queue = server.queue()
    const aborted: number[] = []
    const done = await work({
      queue,
      timeoutMs: 1000,
      async handle(job, signal) {
        if (job.attempt > 1) return
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        aborted.push(job.attempt)
        await new Promise(() => {})
      },
    })
    await jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(() => expect(done).toHaveLength(1))
    expect(aborted).toEqual([1])
    expect(done[0]?.attempt).toBeGreaterThan(1)
  })

  test('waits at its close for the jobs in hand and takes no new ones', async () => {
    const queue = server.queue()
    const done: unknown[] = []
    let started = false
    const running = await jobs.work({
      queue,
      concurrency: 1,
      async handle(job) {
        started = true
        await new Promise((resolve) => setTimeout(resolve, 300))
        done.push(job.data.number)
      },
    })
    for (const job of numbered(2)) await jobs.publish(queue, [job])
    await eventually(() => expect(started).toBe(true))
    await running.close()
    expect(done).toEqual([0])
    const rest = await work({ queue })
    await eventually(() => expect(numbers(rest)).toEqual([1]))
  })

  test('answers to a ping, and refuses it once it is closed', async () => {
    const other = await open()
    await other.ping()
    await other.close()
    await expect(other.ping()).rejects.toThrow()
  })
})
