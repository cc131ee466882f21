import type { Log } from '@movieverse/kit/log'
import type { Viewer } from '@movieverse/kit/viewer'
import type { GatewayMetrics } from '../metrics.ts'
import type { Outcome } from './faults.ts'

/** What is known of a request when it is answered. */
export interface Access {
  readonly requestId: string
  readonly status: number
  readonly startedAt: number
  readonly outcomes: readonly Outcome[]
  readonly isBatch: boolean
  readonly viewer: Viewer | null
  /** The code with which the whole request was refused. */
  readonly code: string | undefined
}

/** Faster answers without faults are logged at debug: at full load a line each costs more than it tells. */
const slowMs = 500

/** Lines a second about slow and refused requests: who floods the gateway, or overload itself, must not flood its log. */
const linesPerSecond = 20

function createSampling() {
  let second = 0
  let lines = 0
  let unsaid = 0
  return {
    /** @returns how many were left out since the last line, or null when this one is to be left out */
    next(): number | null {
      const now = Math.floor(performance.now() / 1000)
      if (now !== second) {
        second = now
        lines = 0
      }
      lines += 1
      if (lines > linesPerSecond) {
        unsaid += 1
        return null
      }
      const before = unsaid
      unsaid = 0
      return before
    },
  }
}

/**
 * One measurement per request and one line: at debug, at info when it was slow or refused (sampled), at error when it
 * failed on our side. Operations by name, users by id; no variables, no tokens, no addresses.
 */
export function createAccessLog(log: Log, metrics: GatewayMetrics) {
  const sampling = createSampling()
  return ({ requestId, status, startedAt, outcomes, isBatch, viewer, code }: Access): void => {
    const durationMs = performance.now() - startedAt
    const operation = outcomes[0]?.operation
    metrics.request(isBatch ? 'batch' : (operation?.type ?? 'none'), status, durationMs / 1000)
    if (code !== undefined) metrics.refusal(code)
    const level = status >= 500 ? 'error' : status >= 400 || durationMs > slowMs ? 'info' : 'debug'
    if (!log.isLevelEnabled(level)) return
    const leftOut = level === 'info' ? sampling.next() : 0
    if (leftOut === null) return
    const line = {
      requestId,
      operation: isBatch ? outcomes.map((outcome) => outcome.operation?.name) : operation?.name,
      type: operation?.type,
      status,
      durationMs: Math.round(durationMs * 10) / 10,
      ...(viewer === null ? {} : { userId: viewer.userId }),
      ...(code === undefined ? {} : { code }),
      ...(leftOut > 0 ? { leftOut } : {}),
    }
    log[level](line, 'request')
  }
}

export type AccessLog = ReturnType<typeof createAccessLog>
