import { watchCounting } from '@movieverse/kit/kv/counters'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import type { Log } from '@movieverse/kit/log'
import { LRUCache } from 'lru-cache'

export interface RateSettings {
  /** Requests of one key in one window. */
  readonly limit: number
  /** Milliseconds; windows begin at multiples of it. */
  readonly windowMs: number
}

/**
 * Counts requests by key in fixed windows, shared between gateways through the store.
 *
 * Accuracy: a request is admitted by what this process knows, without waiting for the store. What it counted goes to the
 * store once per `flushMs`, and the answer brings what the others counted. So one gateway alone is exact; N gateways
 * together admit at most (N − 1) × what one admits within `flushMs` beyond the limit, once per window. At the seam of two
 * windows a key may spend both in short order, as always with fixed windows. While the store does not answer each
 * gateway limits by its own count, which the metric `movieverse_limit_counted_alone` shows.
 */
export interface RateLimiter {
  /** Counts `cost` requests. @returns 0 when they may pass, else the milliseconds until the window ends */
  take(key: string, cost?: number): number
  /** Sends what was counted now, as the timer does. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface RateLimiterOptions extends RateSettings {
  /** Names the counters in the store: `address`, `user`. */
  readonly name: string
  readonly store: KeyValue | null
  readonly log: Log
  /** Milliseconds between two exchanges with the store. Default 1,000. */
  readonly flushMs?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Keys remembered at a time; those not seen the longest are forgotten. Default 50,000. */
  readonly maxKeys?: number
}

interface Counter {
  window: number
  /** What all gateways had counted at the last exchange, ours included. */
  shared: number
  /** Counted here since. */
  own: number
}

/** Exchanges in flight at a time: a crowd of addresses must not take the store's connections from everybody else. */
const exchangesAtOnce = 8

export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { limit, windowMs, name, store, log, flushMs = 1_000, now = Date.now, maxKeys = 50_000 } = options
  const counters = new LRUCache<string, Counter>({ max: maxKeys })
  const changed = new Map<string, Counter>()
  const told = store && watchCounting(`requests by ${name}`, log)
  let exchanging: Promise<void> | null = null

  async function exchange(key: string, counter: Counter): Promise<void> {
    const { own, window } = counter
    if (store === null || own === 0) return
    counter.own = 0
    // Until the store answers, what was sent counts as shared: nothing is admitted twice in the meantime.
    counter.shared += own
    try {
      const ttlMs = (window + 1) * windowMs - now() + flushMs
      if (ttlMs <= 0) return
      const { value } = await store.increment(`rate:${name}:${key}:${window}`, own, { ttlMs })
      if (counter.window === window) counter.shared = Math.max(counter.shared, value)
      told?.()
    } catch (error) {
      told?.(error)
    }
  }

  async function exchangeAll(): Promise<void> {
    const entries = [...changed]
    changed.clear()
    for (let at = 0; at < entries.length; at += exchangesAtOnce)
      await Promise.all(
        entries.slice(at, at + exchangesAtOnce).map(([key, counter]) => exchange(key, counter)),
      )
  }

  const flush = (): Promise<void> => {
    exchanging ??= exchangeAll().finally(() => {
      exchanging = null
    })
    return exchanging
  }

  const timer = store === null ? null : setInterval(() => void flush(), flushMs)
  timer?.unref()

  return {
    take(key, cost = 1) {
      const time = now()
      const window = Math.floor(time / windowMs)
      let counter = counters.get(key)
      if (counter === undefined || counter.window !== window) {
        counter = { window, shared: 0, own: 0 }
        counters.set(key, counter)
      }
      // Refused requests are not counted: who waits until the window ends starts with all of it.
      if (counter.shared + counter.own + cost > limit) return (window + 1) * windowMs - time
      counter.own += cost
      if (store !== null) changed.set(key, counter)
      return 0
    },
    flush,
    async close() {
      if (timer) clearInterval(timer)
      await flush()
    },
  }
}

/** An IPv6 client has a whole /64 to itself, so that is what is counted; IPv4 addresses are counted each. */
export function rateKeyOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
  const whole = [
    ...groups,
    ...Array.from({ length: Math.max(0, missing) }, () => '0'),
    ...(tail ? tail.split(':') : []),
  ]
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
