import type { EventBus } from '../bus/bus.ts'
import { reasonOf } from '../errors.ts'
import { backOff, createLatch } from '../latch.ts'
import type { Log } from '../log.ts'
import { noteRoom } from '../room.ts'
import type { Background } from '../subgraph.ts'
import { sendInTraces } from '../trace-context.ts'
import { outboxFailures, outboxOldestSeconds, outboxPending, outboxPublished } from './metrics.ts'
import type { RelaySource } from './source.ts'

export interface RelaySettings {
  /** The service; label of the metrics. */
  readonly name: string
  readonly source: RelaySource
  readonly bus: EventBus
  readonly log: Log
  /** Events a batch; default 500. */
  readonly batchSize?: number
  /** Milliseconds after which a relay that is gone loses its share; default 6,000. */
  readonly leaseMs?: number
  /** Milliseconds between looks at the outbox when nothing wakes the relay; default 1,000. */
  readonly pollMs?: number
}

export interface Relay extends Background {
  /** For readiness. @throws when committed events cannot leave at present, with the reason */
  check(): Promise<void>
}

/** Milliseconds between looks while other processes write for this relay's share, whose wake-ups it cannot hear. */
const sharedPollMs = 100
const measureEveryMs = 5000

/**
 * Moves committed events from a service's outbox to the bus.
 * Guarantees: every committed event is published at least once, again with the same id after a crash between publishing
 * and removing; events of one key are first published in the order of their writes, by one relay at a time (leases over the
 * aggregate's hash). Each event is removed after the bus has acknowledged it. While bus or store are down it retries with
 * back-off and `check()` says so.
 */
export function createRelay(settings: RelaySettings): Relay {
  const { name, source, bus, log, batchSize = 500, leaseMs = 6000, pollMs = 1000 } = settings
  const latch = createLatch()
  const halt = createLatch()
  const leases = source.leases(leaseMs)
  const labels = { service: name }
  let slots: readonly number[] = []
  let renewedAt = Number.NEGATIVE_INFINITY
  let measuredAt = Number.NEGATIVE_INFINITY
  let failure: string | undefined
  let stopping = false
  let running: Promise<void> | undefined
  let unsubscribe: ReturnType<RelaySource['onWake']> | undefined

  async function keepLeases(): Promise<void> {
    const startedAt = performance.now()
    if (startedAt - renewedAt < leaseMs / 3) return
    slots = await leases.renew()
    renewedAt = startedAt
  }

  async function measure(): Promise<void> {
    if (performance.now() - measuredAt < measureEveryMs) return
    measuredAt = performance.now()
    const backlog = await source.backlog()
    outboxPending.set(labels, backlog.events)
    outboxOldestSeconds.set(labels, backlog.oldestMs / 1000)
  }

  /** @returns how many events left */
  async function moveBatch(): Promise<number> {
    if (slots.length === 0) return 0
    const pending = await source.read(slots, batchSize)
    if (pending.length === 0) return 0
    await sendInTraces(
      pending.map(({ event }) => event),
      {
        name: ({ topic }) => `relay ${topic}`,
        attributes: ({ id }) => ({ 'messaging.message.id': id }),
        send: (events) => bus.publish(events),
      },
    )
    await source.remove(pending)
    outboxPublished.inc(labels, pending.length)
    return pending.length
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!stopping) {
      try {
        await keepLeases()
        const moved = await moveBatch()
        await measure()
        if (failures > 0) log.info({ service: name }, 'outbox relay: events leave again')
        failures = 0
        failure = undefined
        if (moved < batchSize && !stopping) {
          const often = leases.shared && !source.hearsOthers
          await latch.wait(Math.min(pollMs, often ? sharedPollMs : leaseMs / 3))
        }
      } catch (error) {
        failures += 1
        failure = reasonOf(error)
        noteRoom(error)
        outboxFailures.inc(labels)
        log.warn({ service: name, failures, err: error }, 'outbox relay: events wait')
        await halt.wait(backOff(failures, 100, 5000))
      }
    }
  }

  return {
    name: `${name}-outbox-relay`,

    async start() {
      if (running) return
      stopping = false
      unsubscribe = source.onWake(() => latch.raise())
      running = run()
    },

    async stop() {
      stopping = true
      await unsubscribe?.()
      latch.raise()
      halt.raise()
      await running
      running = undefined
      renewedAt = Number.NEGATIVE_INFINITY
      try {
        await leases.release()
      } catch (error) {
        log.warn({ service: name, err: error }, 'outbox relay: leases are left to expire')
      }
    },

    async check() {
      if (!running) throw new Error('The outbox relay is not running')
      if (failure !== undefined) throw new Error(`Events wait in the outbox: ${failure}`)
    },
  }
}
