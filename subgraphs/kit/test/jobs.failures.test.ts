import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { pgDatabase } from '../src/outbox/database.ts'
import { createInbox } from '../src/outbox/sql-inbox.ts'
import { outboxTables } from '../src/outbox/tables.ts'
import { openPool } from '../src/postgres/pool.ts'
import { createTestDatabase } from '../src/testing/database.ts'
import { fresh } from './events.ts'
import { eventually, jobGround, jobQueues, numbered, numbers } from './job-ground.ts'
import { kill, said, startProcess } from './processes/start.ts'

describe.each(jobQueues)('failing, lost and repeated jobs on $name', (engine) => {
  const on = jobGround(engine)

  test('has its effect once by the inbox of its worker, however often it was published', async () => {
    const queue = on.queue()
    const database = await createTestDatabase('kit')
    const pool = openPool({ connectionString: database.url })
    onTestFinished(async () => {
      await pool.end()
      await database.close()
    })
    await pool.query(`${outboxTables}; create table effect (id text)`)
    const inbox = createInbox()
    const effects = pgDatabase(pool)
    const id = fresh('mail')
    const job = { id, data: { number: 1 } }
    expect(await on.jobs.publish(queue, [job, job])).toEqual([id, id])
    await on.jobs.publish(queue, [job])
    const done = await on.work({
      queue,
      handle: ({ id }) =>
        effects.transaction(async (sql) => {
          if (await inbox.accept(sql, queue, id))
            await sql.execute('insert into effect (id) values ($1)', [id])
        }),
    })
    await on.jobs.publish(queue, [{ data: { number: 2 } }])
    await eventually(() => expect(numbers(done)).toContain(2))
    await eventually(() => expect(numbers(done)).toContain(1))
    expect((await pool.query('select id from effect where id = $1', [id])).rows).toEqual([{ id }])
  })

  test('tries a failing job again, later each time, and counts the attempts', async () => {
    const queue = on.queue()
    const attempts: number[] = []
    const done = await on.work({
      queue,
      attempts: 3,
      async handle({ attempt }) {
        attempts.push(attempt)
        if (attempt < 3) throw new Error('not yet')
      },
    })
    await on.jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(() => expect(numbers(done)).toEqual([1]))
    expect(attempts).toEqual([1, 2, 3])
    expect(await on.jobs.deadJobs(queue)).toEqual([])
  })

  test('sets a job aside with its cause when its attempts are used up, even one that waited before its worker', async () => {
    const queue = on.queue()
    const [id] = await on.jobs.publish(queue, [{ data: { number: 7 } }])
    await on.work({
      queue,
      attempts: 2,
      async handle() {
        throw new Error('no such mailbox')
      },
    })
    await eventually(async () => {
      expect(await on.jobs.deadJobs(queue)).toEqual([
        {
          job: { id, queue, data: { number: 7 }, attempt: 2 },
          cause: 'no such mailbox',
          failedAt: expect.any(Date),
        },
      ])
    })
  })

  test('queues dead jobs again, all or those that are named', async () => {
    const queue = on.queue()
    let broken = true
    const done = await on.work({
      queue,
      attempts: 1,
      async handle() {
        if (broken) throw new Error('broken')
      },
    })
    const [, second] = await on.jobs.publish(queue, numbered(3))
    await eventually(async () => expect(await on.jobs.deadJobs(queue)).toHaveLength(3))
    expect(await on.jobs.replayDeadJobs(queue, ['no such id'])).toBe(0)
    broken = false
    expect(await on.jobs.replayDeadJobs(queue, [second ?? ''])).toBe(1)
    await eventually(() => expect(numbers(done)).toEqual([1]))
    expect(done[0]?.id).toBe(second)
    expect(await on.jobs.replayDeadJobs(queue)).toBe(2)
    await eventually(() => expect(numbers(done).sort()).toEqual([0, 1, 2]))
    expect(await on.jobs.deadJobs(queue)).toEqual([])
  })

  /** A worker takes a job and is gone, or stands still; answers the jobs that another does after it. */
  async function afterTheLossOfAWorker(loss: { signal: 'SIGKILL' | 'SIGSTOP'; acknowledgeFirst?: boolean }) {
    const { signal, acknowledgeFirst = false } = loss
    const queue = on.queue()
    const url = on.impatientUrl
    const stuck = await startProcess('stuck-worker.ts', {
      engine: on.engine,
      url,
      queue,
      timeoutMs: 2000,
      acknowledgeFirst,
    })
    await on.jobs.publish(queue, [{ data: { number: 1 } }])
    await said(stuck, 'took')
    if (signal === 'SIGKILL') await kill(stuck)
    else stuck.kill('SIGSTOP')
    return on.work({ queue, timeoutMs: 2000 })
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
    const queue = on.queue()
    const aborted: number[] = []
    const done = await on.work({
      queue,
      timeoutMs: 1000,
      async handle(job, signal) {
        if (job.attempt > 1) return
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        aborted.push(job.attempt)
        await new Promise(() => {})
      },
    })
    await on.jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(() => expect(done).toHaveLength(1))
    expect(aborted).toEqual([1])
    expect(done[0]?.attempt).toBeGreaterThan(1)
  })
})
