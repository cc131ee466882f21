import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../log.ts'

export interface KeepRunningOptions {
  isRunning(): boolean
  /** Starts the server again. */
  restart(): Promise<void>
  readonly log: Log
}

/** Milliseconds between looks, and between tries to start a server that cannot start: its disk may be full. */
const lookMs = 500

/**
 * Starts a server again that has ended without being asked to, killed by whoever or for want of memory or disk, as soon
 * as it can be.
 */
export function keepRunning({ isRunning, restart, log }: KeepRunningOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  async function watch(): Promise<void> {
    while (!signal.aborted) {
      await delay(lookMs, undefined, { ref: false, signal })
      if (isRunning()) continue
      log.error('PostgreSQL has ended; it is started again')
      try {
        await restart()
      } catch (error) {
        log.error({ err: error }, 'PostgreSQL could not be started again')
      }
    }
  }
  const watching = watch().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return {
    async stop() {
      stopping.abort()
      await watching
    },
  }
}
