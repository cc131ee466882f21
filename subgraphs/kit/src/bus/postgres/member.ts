import type { Pool } from 'pg'
import { reasonOf } from '../../errors.ts'
import { backOff, createLatch } from '../../latch.ts'
import type { Log } from '../../log.ts'
import type { Delivery } from '../attempt.ts'
import type { BusEvent, EventConsumer } from '../bus.ts'
import { createDeliveries } from '../deliveries.ts'
import { busLag } from '../metrics.ts'
import { createOrderedWork } from '../ordered-work.ts'
import type { Mark } from '../window.ts'
import { partitionOf } from './append.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Lane } from './lane.ts'
import { createLanes } from './lanes.ts'
import type { GroupProgress, Offset } from './progress.ts'
import { countLag, readEvents } from './read.ts'

export interface MemberSettings {
  readonly pool: Pool
  readonly consumer: EventConsumer
  readonly progress: GroupProgress
  readonly deadLetters: DeadLetters
  readonly log: Log
  readonly leaseMs: number
  readonly pollMs: number
  readonly timeoutMs: number
  readonly concurrency: number
}

/** One member of a consumer group at work. */
export interface Member {
  readonly group: string
  readonly topics: readonly string[]
  /** New events may be there. */
  wake(): void
  /** Leases, offsets or dead letters of the group have changed. */
  regroup(): void
  close(): Promise<void>
}

/** Events in memory for each place of `concurrency`: enough to keep all places busy between two reads. */
const backlogPerPlace = 64
const commitEveryMs = 50
/** Milliseconds between looks at events that a transaction in flight hides: it may be the effect of the one before. */
const firstHiddenMs = 2
const longestHiddenMs = 16
const measureEveryMs = 2000

/** Joins the group and works until it is closed. Resolved when it has joined. */
export async function startMember(settings: MemberSettings): Promise<Member> {
  const { pool, consumer, progress, deadLetters, log, leaseMs, pollMs, timeoutMs, concurrency } = settings
  const { group, topics } = consumer
  const latch = createLatch()
  const committed = createLatch()
  const work = createOrderedWork(concurrency)
  const lanes = createLanes(progress)
  const deliveries = createDeliveries({ consumer, log, timeoutMs, letters: deadLetters })
  const replaying = new Set<string>()
  const backlog = concurrency * backlogPerPlace
  let renewedAt = Number.NEGATIVE_INFINITY
  let measuredAt = performance.now()
  let regroup = true
  /** Events are known to wait for room. */
  let starved = false
  let hiddenMs = firstHiddenMs
  let closing = false

  const chainOf = ({ topic, key }: BusEvent) => `${topic} ${key}`

  function take(lane: Lane, mark: Mark<Offset>, event: BusEvent): void {
    const delivery: Delivery = { event, attempts: 0, outages: 0 }
    work.add({
      chain: chainOf(event),
      async run() {
        if (lane.window.closed || lane.leaving) return undefined
        lane.inHand += 1
        try {
          const again = await deliveries.deliver(delivery)
          if (again !== undefined) return again
          lane.window.finish(mark)
          return undefined
        } finally {
          lane.inHand -= 1
          committed.raise()
          if (lane.leaving || (starved && work.size <= backlog / 2)) latch.raise()
        }
      },
    })
  }

  function replay(event: BusEvent): void {
    if (replaying.has(event.id)) return
    replaying.add(event.id)
    const delivery: Delivery = { event, attempts: 0, outages: 0 }
    work.add({
      chain: chainOf(event),
      async run() {
        if (lanes.find(event.topic, partitionOf(event.key)) === undefined) {
          replaying.delete(event.id)
          return undefined
        }
        const again = await deliveries.replay(delivery)
        if (again === undefined) replaying.delete(event.id)
        return again
      },
    })
  }

  async function keepLeases(): Promise<void> {
    const now = performance.now()
    const told = regroup
    if (!told && now - renewedAt < leaseMs / 3) return
    regroup = false
    try {
      const came = await lanes.renew()
      renewedAt = now
      if (!told && !came) return
      const open = lanes.open().map(({ held }) => held)
      for (const event of await deadLetters.toReplay(group, open)) replay(event)
    } catch (error) {
      regroup = true
      throw error
    }
  }

  /** @returns milliseconds to wait for more */
  async function readMore(): Promise<number> {
    const room = backlog - work.size
    const open = lanes.open().filter((lane) => lane.window.size < backlog)
    starved = room < backlog / 2
    if (starved || open.length === 0) return pollMs
    const limit = Math.max(20, Math.floor(room / open.length))
    const { events, hidden } = await readEvents(
      pool,
      open.map((lane) => ({ ...lane.held, offset: lane.readTo })),
      limit,
    )
    for (const { partition, offset, event } of events) {
      const lane = open.find(({ held }) => held.topic === event.topic && held.partition === partition)
      if (!lane || lane.window.closed) continue
      lane.readTo = offset
      take(lane, lane.window.add(offset), event)
    }
    if (events.length >= limit) return 0
    // Hidden events become readable without a notice.
    hiddenMs = hidden ? Math.min(2 * hiddenMs, longestHiddenMs) : firstHiddenMs
    return hidden ? hiddenMs : pollMs
  }

  async function measure(): Promise<void> {
    if (performance.now() - measuredAt < measureEveryMs) return
    measuredAt = performance.now()
    busLag.set({ group }, await countLag(pool, group, topics))
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!closing) {
      try {
        await keepLeases()
        await lanes.releaseLeaving()
        const waitMs = await readMore()
        await measure()
        failures = 0
        if (waitMs > 0 && !closing) await latch.wait(Math.min(waitMs, leaseMs / 3))
      } catch (error) {
        failures += 1
        log.warn({ group, failures, err: error }, `event bus: ${reasonOf(error)}`)
        if (performance.now() - renewedAt > leaseMs) lanes.dropAll()
        if (!closing) await latch.wait(backOff(failures, 100, 2000))
      }
    }
  }

  async function commitAll(): Promise<void> {
    while (!closing) {
      await committed.wait(pollMs)
      try {
        await lanes.commit()
      } catch (error) {
        log.warn({ group, err: error }, 'event bus: offsets are committed later')
      }
      if (!closing) await new Promise((resolve) => setTimeout(resolve, commitEveryMs))
    }
  }

  await keepLeases()
  const running = [run(), commitAll()]

  return {
    group,
    topics,
    wake: () => latch.raise(),
    regroup() {
      regroup = true
      latch.raise()
    },
    async close() {
      closing = true
      latch.raise()
      committed.raise()
      await Promise.all(running)
      await work.stop()
      try {
        await lanes.commit()
        await progress.leave()
      } catch (error) {
        log.warn({ group, err: error }, 'event bus: left without giving back; the leases run out')
      }
    },
  }
}
