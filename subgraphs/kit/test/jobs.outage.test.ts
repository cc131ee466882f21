import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { JobQueue } from '../src/jobs/jobs.ts'
import { isOutage } from '../src/outage.ts'
import { type JobEngine, jobEngines } from './engines.ts'
import { fresh } from './events.ts'
import { type PrivateServer, rabbitmqIsThere, startPostgres, startRabbitmq } from './private-servers.ts'

// Servers are started, killed and started again, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const engines: { name: JobEngine; begin: () => Promise<PrivateServer> }[] = [
  { name: 'postgres', begin: startPostgres },
  ...(rabbitmqIsThere ? [{ name: 'rabbitmq' as const, begin: startRabbitmq }] : []),
]

describe.each(engines)('the job queue on $name, when its server is killed', ({ name, begin }) => {
  let server: PrivateServer
  beforeAll(async () => {
    server = await begin()
  })
  afterAll(() => server.close())

  const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 60_000, interval: 50 })

  async function open(): Promise<JobQueue> {
    const jobs = await jobEngines[name](server.url)
    onTestFinished(() => jobs.close())
    return jobs
  }

  /** What PostgreSQL and RabbitMQ know of a queue is on the disk some time after it was made. */
  async function makeQueue(jobs: JobQueue): Promise<string> {
    const queue = fresh('queue')
    const done = Promise.withResolvers<void>()
    const worker = await jobs.work({ queue, handle: async () => done.resolve() })
    await jobs.publish(queue, [{ data: {}, delayMs: 1 }])
    await done.promise
    await worker.close()
    await delay(2000)
    return queue
  }

  test('keeps every acknowledged job: those that wait, those of all priorities, those that are delayed', async () => {
    const jobs = await open()
    const queue = await makeQueue(jobs)
    const acknowledged = new Set<string>()
    let refused = 0
    let publishing = true
    async function publish(lane: number): Promise<void> {
      for (let number = 0; publishing; number += 1) {
        const id = `${lane}-${number}`
        const delayMs = number % 3 === 0 ? 2000 : 0
        try {
          await jobs.publish(queue, [{ id, data: {}, priority: number % 10, delayMs }])
          acknowledged.add(id)
        } catch (error) {
          expect(isOutage(error)).toBe(true)
          refused += 1
          await delay(50)
        }
      }
    }
    const publishers = Array.from({ length: 8 }, (_, lane) => publish(lane))
    await eventually(() => expect(acknowledged.size).toBeGreaterThan(300))
    await server.kill()
    await eventually(() => expect(refused).toBeGreaterThan(0))
    await server.start()
    const before = acknowledged.size
    await eventually(() => expect(acknowledged.size).toBeGreaterThan(before + 50))
    publishing = false
    await Promise.all(publishers)
    const done = new Set<string>()
    const worker = await jobs.work({
      queue,
      concurrency: 50,
      async handle({ id }) {
        done.add(id)
      },
    })
    await eventually(() => expect([...acknowledged].filter((id) => !done.has(id))).toEqual([]))
    await worker.close()
  })

  test('says so, and goes on by itself when its server is back', async () => {
    const jobs = await open()
    const queue = await makeQueue(jobs)
    const done: unknown[] = []
    const worker = await jobs.work({
      queue,
      async handle({ data }) {
        done.push(data.number)
      },
    })
    await jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(() => expect(done).toEqual([1]))
    await server.kill()
    await eventually(() => expect(jobs.ping()).rejects.toThrow())
    const refusal = await jobs.publish(queue, [{ data: { number: 2 } }]).catch((error: unknown) => error)
    expect(isOutage(refusal)).toBe(true)
    await server.start()
    await eventually(() => jobs.ping())
    await eventually(() => jobs.publish(queue, [{ data: { number: 3 } }]))
    await eventually(() => expect(done).toContain(3))
    await worker.close()
  })
})
