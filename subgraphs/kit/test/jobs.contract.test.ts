import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, jobGround, jobQueues, numbered, numbers } from './job-ground.ts'

describe.each(jobQueues)('the job queue on $name', (engine) => {
  const on = jobGround(engine)

  test('does each job once and tells its id', async () => {
    const queue = on.queue()
    const ids = await on.jobs.publish(queue, numbered(30))
    expect(new Set(ids).size).toBe(30)
    const done = await on.work({ queue })
    await eventually(() => expect(done).toHaveLength(30))
    expect(done.map(({ id }) => id).sort()).toEqual([...ids].sort())
    expect(done[0]).toEqual({
      id: expect.any(String),
      queue,
      data: { number: expect.any(Number) },
      attempt: 1,
    })
    expect(await on.jobs.publish(queue, [])).toEqual([])
  })

  test('shares jobs between workers, each job with one of them', async () => {
    const queue = on.queue()
    const other = await on.openAnother()
    onTestFinished(() => other.close())
    const mine = await on.work({
      queue,
      concurrency: 2,
      handle: () => new Promise((done) => setTimeout(done, 10)),
    })
    const theirs = await on.work(
      { queue, concurrency: 2, handle: () => new Promise((done) => setTimeout(done, 10)) },
      other,
    )
    await on.jobs.publish(queue, numbered(60))
    await eventually(() => expect(mine.length + theirs.length).toBe(60))
    expect(new Set([...numbers(mine), ...numbers(theirs)]).size).toBe(60)
    expect(mine.length).toBeGreaterThan(0)
    expect(theirs.length).toBeGreaterThan(0)
  })

  test('does higher priorities first, and equal ones in their order', async () => {
    const queue = on.queue()
    await on.jobs.publish(queue, [
      { data: { number: 1 } },
      { data: { number: 2 }, priority: 9 },
      { data: { number: 3 }, priority: 5 },
    ])
    await on.jobs.publish(queue, [{ data: { number: 4 }, priority: 9 }])
    const done = await on.work({ queue, concurrency: 1 })
    await eventually(() => expect(numbers(done)).toEqual([2, 4, 3, 1]))
  })

  test('holds a delayed job back', async () => {
    const queue = on.queue()
    const at: number[] = []
    const done = await on.work({
      queue,
      async handle() {
        at.push(Date.now())
      },
    })
    const published = Date.now()
    await on.jobs.publish(queue, [{ data: { number: 1 }, delayMs: 700 }, { data: { number: 2 } }])
    await eventually(() => expect(numbers(done)).toEqual([2, 1]))
    expect((at[1] ?? 0) - published).toBeGreaterThanOrEqual(690)
  })

  test('lets no job wait behind one that waits longer', async () => {
    const queue = on.queue()
    const done = await on.work({ queue })
    const delays = [6000, 300, 2600, 1000]
    await on.jobs.publish(
      queue,
      delays.map((delayMs) => ({ data: { number: delayMs }, delayMs })),
    )
    await eventually(() => expect(numbers(done)).toEqual(delays.toSorted((a, b) => a - b)))
  })

  test('refuses what is beyond the bounds of every engine, and queues nothing of it', async () => {
    const queue = on.queue()
    const sound = { data: { number: 1 } }
    for (const wrong of [
      { priority: 10 },
      { priority: 0.5 },
      { delayMs: -1 },
      { delayMs: 1e9 },
      { id: 'x'.repeat(256) },
    ])
      await expect(on.jobs.publish(queue, [sound, { ...sound, ...wrong }])).rejects.toThrow(RangeError)
    await expect(on.jobs.publish('a queue', [sound])).rejects.toThrow(RangeError)
    const handle = async () => undefined
    for (const wrong of [{ concurrency: 0 }, { attempts: 0 }, { timeoutMs: 3_600_000 }])
      await expect(on.jobs.work({ queue, handle, ...wrong })).rejects.toThrow(RangeError)
    const done = await on.work({ queue })
    await on.jobs.publish(queue, [{ data: { number: 2 } }])
    await eventually(() => expect(numbers(done)).toEqual([2]))
  })

  test('does no more at once than the worker says', async () => {
    const queue = on.queue()
    let atOnce = 0
    let most = 0
    const done = await on.work({
      queue,
      concurrency: 3,
      async handle() {
        atOnce += 1
        most = Math.max(most, atOnce)
        await new Promise((resolve) => setTimeout(resolve, 20))
        atOnce -= 1
      },
    })
    await on.jobs.publish(
      queue,
      numbered(20).map((job, index) => ({ ...job, priority: index % 4 })),
    )
    await eventually(() => expect(done).toHaveLength(20))
    expect(most).toBe(3)
  })

  test('waits at its close for the jobs in hand and takes no new ones', async () => {
    const queue = on.queue()
    const done: unknown[] = []
    let started = false
    const running = await on.jobs.work({
      queue,
      concurrency: 1,
      async handle(job) {
        started = true
        await new Promise((resolve) => setTimeout(resolve, 300))
        done.push(job.data.number)
      },
    })
    for (const job of numbered(2)) await on.jobs.publish(queue, [job])
    await eventually(() => expect(started).toBe(true))
    await running.close()
    expect(done).toEqual([0])
    const rest = await on.work({ queue })
    await eventually(() => expect(numbers(rest)).toEqual([1]))
  })

  test('leaves at its close to others what it held and had not begun', async () => {
    const queue = on.queue()
    const gate = Promise.withResolvers<void>()
    const begun: unknown[] = []
    const running = await on.jobs.work({
      queue,
      concurrency: 1,
      handle({ data }) {
        begun.push(data.number)
        return gate.promise
      },
    })
    await on.jobs.publish(queue, [{ data: { number: 1 }, priority: 5 }])
    await eventually(() => expect(begun).toEqual([1]))
    await on.jobs.publish(queue, [
      { data: { number: 2 } },
      { data: { number: 3 }, priority: 9 },
      { data: { number: 4 }, priority: 9 },
    ])
    const closed = running.close()
    gate.resolve()
    await closed
    expect(begun).toEqual([1])
    const rest = await on.work({ queue, concurrency: 1 })
    await eventually(() => expect(numbers(rest)).toEqual([3, 4, 2]))
  })

  test('answers to a ping, and refuses it once it is closed', async () => {
    const other = await on.openAnother()
    await other.ping()
    await other.close()
    await expect(other.ping()).rejects.toThrow()
  })
})
