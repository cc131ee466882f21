import { LRUCache } from 'lru-cache'
import { Gauge } from 'prom-client'
import { DeadlineError, withDeadline } from '../deadline.ts'
import { reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { metrics } from '../metrics.ts'
import { type KeyValue, KeyValueUnavailable } from './kv.ts'

const countedAlone = new Gauge({
  name: 'movieverse_limit_counted_alone',
  help: '1 while a limit is counted by this process alone, since the shared counters do not answer',
  labelNames: ['limit'] as const,
  registers: [metrics],
})

/**
 * Shows in `/metrics` and in the log whether a limit is counted by this process alone.
 * @returns told after each exchange with the store how it went: undefined, or the error
 */
export function watchCounting(limit: string, log: Log): (failure?: unknown) => void {
  countedAlone.set({ limit }, 0)
  let alone = false
  return (failure) => {
    if ((failure !== undefined) === alone) return
    alone = failure !== undefined
    countedAlone.set({ limit }, alone ? 1 : 0)
    if (alone) log.warn({ limit, reason: reasonOf(failure) }, 'a limit is counted by this process alone')
    else log.info({ limit }, 'a limit is counted by all processes together again')
  }
}

export interface Count {
  /** With this one. */
  readonly value: number
  readonly expiresInMs: number
  /** Takes this one back, where it was counted. */
  takeBack(): Promise<void>
}

/** Counts in fixed windows that begin with their first count. */
export interface Counters {
  count(key: string, windowMs: number): Promise<Count>
}

export interface CountersOptions {
  readonly store: KeyValue
  /** What is limited, as metric and log name it. */
  readonly limit: string
  readonly log: Log
  /** Milliseconds without questions to a store that did not answer. Default 1,000. */
  readonly pauseMs?: number
}

/** Milliseconds that a count waits for the store: less than what else does, for it need not be that of all. */
const waitMs = 500

/** Keys that are counted alone at a time; those not seen the longest are forgotten. */
const maxKeys = 50_000

/**
 * Counters shared through the store. While it does not answer, this process counts by itself, from 0 on: a limit stays
 * one, for each process. The store is asked again after a second.
 */
export function createCounters(options: CountersOptions): Counters {
  const { store, limit, log, pauseMs = 1_000 } = options
  const told = watchCounting(limit, log)
  const own = new LRUCache<string, { value: number; readonly endsAt: number }>({ max: maxKeys })
  let askAgainAt = 0

  function countAlone(key: string, windowMs: number): Count {
    const now = performance.now()
    let counter = own.get(key)
    if (counter === undefined || counter.endsAt <= now) {
      counter = { value: 0, endsAt: now + windowMs }
      own.set(key, counter)
    }
    counter.value += 1
    const counted = counter
    return {
      value: counted.value,
      expiresInMs: counted.endsAt - now,
      async takeBack() {
        counted.value -= 1
      },
    }
  }

  /** @returns undefined when the store does not answer */
  async function ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < askAgainAt) return undefined
    try {
      const answer = await withDeadline(waitMs, question)
      told()
      return answer
    } catch (error) {
      if (!(error instanceof KeyValueUnavailable || error instanceof DeadlineError)) throw error
      told(error)
      askAgainAt = performance.now() + pauseMs
      return undefined
    }
  }

  return {
    async count(key, windowMs) {
      const answer = await ask(() => store.increment(key, 1, { ttlMs: windowMs }))
      if (answer === undefined) return countAlone(key, windowMs)
      return {
        value: answer.value,
        expiresInMs: answer.expiresInMs ?? windowMs,
        async takeBack() {
          // Where the store does not answer now, the count stays until its window ends.
          await ask(() => store.increment(key, -1, { ttlMs: windowMs }))
        },
      }
    },
  }
}
