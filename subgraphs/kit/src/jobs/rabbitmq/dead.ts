import type { Channel, GetMessage } from 'amqplib'
import type { DeadJob } from '../jobs.ts'
import { decodeDead } from './message.ts'
import type { Publisher } from './publisher.ts'
import { deadQueueOf, declareQueue } from './topology.ts'

/** Dead jobs that one replay takes in hand at the most. */
const most = 100_000

/** Takes what lies among the dead. What is not acknowledged goes back when the channel is closed. */
async function take(channel: Channel, queue: string, limit: number): Promise<GetMessage[]> {
  await declareQueue(channel, queue, [])
  const taken: GetMessage[] = []
  while (taken.length < limit) {
    const message = await channel.get(deadQueueOf(queue))
    if (!message) break
    taken.push(message)
  }
  return taken
}

/** The dead of a queue, the oldest first. While this or a replay runs, others do not see what it looks at. */
export function listDead(publisher: Publisher, queue: string, limit: number): Promise<readonly DeadJob[]> {
  return publisher.withChannel(async (channel) => {
    const dead = (await take(channel, queue, limit)).map((message) => decodeDead(queue, message))
    return dead
      .toSorted((a, b) => a.failedAt.getTime() - b.failedAt.getTime())
      .map(({ job: { priority: _, ...job }, cause, failedAt }) => ({ job, cause, failedAt }))
  })
}

/** Queues dead jobs again, those of `ids` or all; returns how many. Killed in between it may queue one twice. */
export function replayDead(publisher: Publisher, queue: string, ids?: readonly string[]): Promise<number> {
  return publisher.withChannel(async (channel) => {
    const taken = (await take(channel, queue, most)).map((message) => ({
      message,
      job: decodeDead(queue, message).job,
    }))
    const wanted = ids && new Set(ids)
    const replayed = taken.filter(({ job }) => wanted?.has(job.id) ?? true)
    await publisher.send(replayed.map(({ job }) => ({ job: { ...job, attempt: 1 } })))
    for (const { message } of replayed) channel.ack(message)
    return replayed.length
  })
}
