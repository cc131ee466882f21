import { connect } from 'amqplib'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { waitingRoute } from '../src/jobs/rabbitmq/ladder.ts'
import { createLanes } from '../src/jobs/rabbitmq/lanes.ts'
import { deadQueueOf, priorities, queueOf } from '../src/jobs/rabbitmq/topology.ts'
import { createRabbitJobs } from '../src/jobs/rabbitmq.ts'
import { silentLog } from '../src/log.ts'
import { eventually, jobGround, jobQueues, numbers } from './job-ground.ts'

describe.each(jobQueues.filter(({ name }) => name === 'rabbitmq'))('what is $name’s own', (engine) => {
  const on = jobGround(engine)
  let url: string
  beforeAll(async () => {
    const { impatientUrl } = on
    url = impatientUrl
  })

  /** A way round the job queue. */
  async function openChannel() {
    const connection = await connect(url)
    onTestFinished(() => connection.close())
    return connection.createConfirmChannel()
  }

  test('sets a job aside that its workers are lost with time and again', async () => {
    const queue = on.queue()
    const [id] = await on.jobs.publish(queue, [{ data: { number: 1 }, priority: 3 }])
    const connection = await connect(url)
    onTestFinished(() => connection.close())
    await eventually(async () => {
      const channel = await connection.createChannel()
      const taken = await channel.get(queueOf(queue, 3))
      await channel.close()
      expect(taken).toBe(false)
    })
    await eventually(async () =>
      expect(await on.jobs.deadJobs(queue)).toEqual([
        {
          job: { id, queue, data: { number: 1 }, attempt: 1 },
          cause: 'Its workers were lost with it too often',
          failedAt: expect.any(Date),
        },
      ]),
    )
    const [dead] = await on.jobs.deadJobs(queue)
    expect(Math.abs(Date.now() - (dead?.failedAt.getTime() ?? 0))).toBeLessThan(60_000)
    expect(await on.jobs.replayDeadJobs(queue)).toBe(1)
    const done = await on.work({ queue })
    await eventually(() => expect(numbers(done)).toEqual([1]))
    expect(done[0]?.attempt).toBe(1)
  })

  test('lists the dead as often as one likes', async () => {
    const queue = on.queue()
    await on.work({
      queue,
      attempts: 1,
      async handle() {
        throw new Error('broken')
      },
    })
    await on.jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(async () => expect(await on.jobs.deadJobs(queue)).toHaveLength(1))
    for (let look = 0; look < 30; look += 1) expect(await on.jobs.deadJobs(queue)).toHaveLength(1)
  })

  test('sets a message aside that is no job, and goes on', async () => {
    const queue = on.queue()
    const done = await on.work({ queue })
    const channel = await openChannel()
    channel.sendToQueue(queueOf(queue, 0), Buffer.from('not JSON'), { messageId: 'odd' })
    await channel.waitForConfirms()
    await on.jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(() => expect(numbers(done)).toEqual([1]))
    await eventually(async () =>
      expect(await on.jobs.deadJobs(queue)).toMatchObject([
        { job: { id: 'odd', data: { unreadable: 'not JSON' } }, cause: expect.stringContaining('Not a job') },
      ]),
    )
  })

  test('makes anew what somebody deleted, and goes on', async () => {
    const queue = on.queue()
    const done = await on.work({ queue })
    await on.jobs.publish(queue, [{ data: { number: 1 } }])
    await eventually(() => expect(numbers(done)).toEqual([1]))
    const channel = await openChannel()
    for (const name of [...priorities.map((priority) => queueOf(queue, priority)), deadQueueOf(queue)])
      await channel.deleteQueue(name)
    await on.jobs.publish(queue, [{ data: { number: 2 } }])
    await eventually(() => expect(numbers(done)).toEqual([1, 2]))
  })

  test('gives up at its start where no broker answers', async () => {
    const nowhere = createRabbitJobs({ url: 'amqp://127.0.0.1:1', log: silentLog })
    await expect(nowhere).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' })
  })
})

describe('how jobs wait on RabbitMQ', () => {
  test('a wait goes up to a whole quarter of a second, and stops on the rungs of its ones', () => {
    expect(waitingRoute('jobs.a.0', 0)).toEqual({ exchange: '', routingKey: 'jobs.a.0' })
    const rung = (ms: number) => waitingRoute('q', ms)
    expect(rung(1)).toEqual({ exchange: 'jobs-wait.0', routingKey: `${'0.'.repeat(21)}1.q` })
    expect(rung(250)).toEqual(rung(1))
    expect(rung(251)).toEqual({ exchange: 'jobs-wait.1', routingKey: `${'0.'.repeat(20)}1.0.q` })
    expect(rung(1250)).toEqual({ exchange: 'jobs-wait.2', routingKey: `${'0.'.repeat(19)}1.0.1.q` })
    expect(rung(7 * 24 * 60 * 60 * 1000).exchange).toBe('jobs-wait.21')
  })
})

describe('the order in which a worker begins', () => {
  const begun = (next: ReturnType<ReturnType<typeof createLanes<string>>['next']>) =>
    next && 'message' in next ? next.message : next

  test('is the highest priority first, and each in its order', () => {
    const lanes = createLanes<string>(2)
    lanes.add(0, 'a')
    lanes.add(5, 'b')
    lanes.add(5, 'c')
    lanes.add(9, 'd')
    expect([lanes.next(), lanes.next(), lanes.next(), lanes.next()].map(begun)).toEqual(['d', 'b', 'c', 'a'])
    expect(lanes.next()).toBeUndefined()
  })

  test('leaves a lower priority waiting while the next of a full higher one is on its way', () => {
    const lanes = createLanes<string>(1)
    lanes.add(9, 'high')
    lanes.add(0, 'low')
    expect(begun(lanes.next())).toBe('high')
    lanes.settled(9)
    expect(lanes.next()).toEqual({ afterMs: expect.any(Number) })
    lanes.add(9, 'higher')
    expect(begun(lanes.next())).toBe('higher')
  })
})
