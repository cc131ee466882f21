import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { reasonOf } from '../../errors.ts'
import { backOff, createLatch } from '../../latch.ts'
import type { Log } from '../../log.ts'
import type { Delivery } from '../attempt.ts'
import type { EventConsumer } from '../bus.ts'
import type { Deliveries } from '../deliveries.ts'
import { busLag } from '../metrics.ts'
import { createOrderedWork } from '../ordered-work.ts'
import { createAssigner } from './assigner.ts'
import { readLetter } from './dead-letters.ts'
import { createLanes, type Lane } from './lanes.ts'
import { readMessage } from './message.ts'
import type { KafkaNames } from './names.ts'
import { groupTimings } from './timings.ts'

export interface MemberSettings {
  readonly kafka: Kafka
  readonly consumer: EventConsumer
  readonly deliveries: Deliveries
  readonly names: KafkaNames
  readonly log: Log
  readonly concurrency: number
  /** How far the group is behind. */
  lag(): Promise<number>
}

/** One member of a consumer group at work. */
export interface Member {
  /** Resolved when it is in its group, or closed before. */
  readonly joined: Promise<void>
  close(): Promise<void>
}

/**
 * Events in memory for each place of `concurrency`: half of them keep all places busy while the client, which has paused
 * everything, waits until it looks again.
 */
const backlogPerPlace = 128
const commitEveryMs = 50
const measureEveryMs = 2000

/**
 * Joins the group and works until it is closed. Records are taken as they are fetched, and
 * their partitions paused while too many wait; offsets are committed after the effects. When the client gives up (no broker
 * answers) it is made anew, with back-off, for as long as that takes.
 */
export function startMember(settings: MemberSettings): Member {
  const { kafka, consumer, deliveries, names, log, concurrency } = settings
  const { group, topics } = consumer
  const letters = names.letters(group)
  const work = createOrderedWork(concurrency)
  const lanes = createLanes()
  const committable = createLatch()
  const halt = createLatch()
  const joined = Promise.withResolvers<void>()
  const backlog = concurrency * backlogPerPlace
  let client: Consumer | undefined
  let endSession = (_reason?: Error): void => undefined
  let starved = false
  let closing = false

  /** Pauses partitions that have enough in memory, and resumes those that have room again. */
  function steer(): void {
    starved = work.size > (starved ? backlog / 2 : backlog)
    for (const lane of lanes.all()) {
      const full = lane.window.size > (lane.paused ? backlog / 2 : backlog)
      const pause = closing || starved || full
      if (pause === lane.paused || !client) continue
      lane.paused = pause
      const place = [{ topic: lane.topic, partitions: [lane.partition] }]
      if (pause) client.pause(place)
      else client.resume(place)
    }
  }

  function take(lane: Lane, message: KafkaMessage): void {
    const mark = lane.window.add(Number(message.offset))
    const replayed = lane.topic === letters ? readLetter(group, message) : undefined
    if (replayed && replayed.state !== 'replay') {
      lane.window.finish(mark)
      return
    }
    const place = { topic: names.plain(lane.topic), partition: lane.partition }
    const { event, fault } = replayed ? { event: replayed.event } : readMessage(place, message)
    const delivery: Delivery = { event, attempts: 0, outages: 0, ...(fault ? { fault } : {}) }
    work.add({
      chain: `${event.topic} ${event.key}`,
      async run() {
        if (lane.window.closed) return undefined
        const again = await (replayed ? deliveries.replay(delivery) : deliveries.deliver(delivery))
        if (again !== undefined) return again
        lane.window.finish(mark)
        committable.raise()
        if (starved || lane.paused) steer()
        return undefined
      },
    })
  }

  async function takeBatch({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    const lane = lanes.find(batch.topic, batch.partition)
    if (!lane || closing) return
    for (const message of batch.messages) {
      const offset = Number(message.offset)
      if (offset < lane.readTo) continue
      lane.readTo = offset + 1
      take(lane, message)
    }
    resolveOffset(batch.lastOffset())
    committable.raise()
    steer()
  }

  async function commit(): Promise<void> {
    const done = lanes.toCommit()
    if (done.length === 0 || !client) return
    await client.commitOffsets(
      done.map(({ lane, progress }) => ({
        topic: lane.topic,
        partition: lane.partition,
        offset: String(progress + 1),
      })),
    )
    for (const { lane, progress } of done) lane.committed = progress
  }

  async function tryToCommit(): Promise<void> {
    try {
      await commit()
    } catch (error) {
      log.debug({ group, err: error }, 'event bus: offsets are committed later')
    }
  }

  /** One client from its start to its end. @throws why it gave up */
  async function session(): Promise<void> {
    const ended = Promise.withResolvers<Error | undefined>()
    endSession = ended.resolve
    const fresh = kafka.consumer({
      ...groupTimings,
      groupId: names.group(group),
      allowAutoTopicCreation: false,
      partitionAssigners: [createAssigner(false)],
      maxBytesPerPartition: 256 * 1024,
      maxBytes: 1024 * 1024,
      retry: {
        initialRetryTime: 100,
        multiplier: 2,
        maxRetryTime: 1000,
        retries: 8,
        restartOnFailure: async () => false,
      },
    })
    fresh.on(fresh.events.GROUP_JOIN, ({ payload }) => {
      lanes.assign(payload.memberId, payload.memberAssignment)
      for (const lane of lanes.all()) lane.paused = false
      fresh.resume(lanes.all().map(({ topic, partition }) => ({ topic, partitions: [partition] })))
      steer()
      joined.resolve()
    })
    // What is done is committed before others take the partitions over.
    fresh.on(fresh.events.REBALANCING, () => void tryToCommit())
    fresh.on(fresh.events.CRASH, ({ payload }) => ended.resolve(payload.error))
    client = fresh
    try {
      await fresh.connect()
      await fresh.subscribe({ topics: [...topics.map(names.topic), letters], fromBeginning: true })
      await fresh.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: takeBatch })
      const reason = await ended.promise
      if (reason) throw reason
    } finally {
      await fresh.disconnect()
    }
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!closing) {
      const startedAt = performance.now()
      try {
        await session()
      } catch (error) {
        failures = performance.now() - startedAt > 60_000 ? 1 : failures + 1
        log.warn({ group, failures, err: error }, `event bus: ${reasonOf(error)}`)
      }
      if (!closing) await halt.wait(backOff(failures, 100, 2000))
    }
  }

  async function commitAll(): Promise<void> {
    while (!closing) {
      await committable.wait(1000)
      await tryToCommit()
      if (!closing) await new Promise((resolve) => setTimeout(resolve, commitEveryMs))
    }
  }

  async function measure(): Promise<void> {
    while (!closing) {
      await halt.wait(measureEveryMs)
      if (closing) return
      try {
        busLag.set({ group }, await settings.lag())
      } catch (error) {
        log.debug({ group, err: error }, 'event bus: the lag is not known')
      }
    }
  }

  const running = [run(), commitAll(), measure()]

  return {
    joined: joined.promise,

    async close() {
      closing = true
      joined.resolve()
      steer()
      await work.stop()
      committable.raise()
      await tryToCommit()
      halt.raise()
      endSession()
      await Promise.all(running)
    },
  }
}
