import type { IncomingMessage, ServerResponse } from 'node:http'
import { reasonOf } from './errors.ts'
import { metrics } from './metrics.ts'

/** Dependencies by name; each rejects with its reason when it can't serve. */
export type Checks = Readonly<Record<string, () => Promise<void>>>

/** Milliseconds that a dependency has for its answer; past them it counts as down. */
const checkTimeout = 2_000

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, 'ok' | string>>
}

async function stateOf(check: () => Promise<void>): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${checkTimeout} ms`)), checkTimeout)
  })
  try {
    await Promise.race([check(), late])
    return 'ok'
  } catch (error) {
    return reasonOf(error)
  } finally {
    clearTimeout(timer)
  }
}

/** Asks every dependency at once. */
export async function readiness(checks: Checks): Promise<Readiness> {
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check)] as const),
  )
  return { ready: states.every(([, state]) => state === 'ok'), checks: Object.fromEntries(states) }
}

export interface HealthState {
  readonly checks: Checks
  /** True once the process has begun to stop: readiness is red before it stops listening. */
  stopping(): boolean
}

/** Answers `/healthz` (alive), `/readyz` (able to serve, with each dependency's state) and `/metrics` (Prometheus). */
export function createHealthHandler({ checks, stopping }: HealthState) {
  const json = (response: ServerResponse, status: number, body: unknown) =>
    response
      .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(body))

  /** @returns false when the path is none of its own */
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    switch (request.url?.split('?', 1)[0]) {
      case '/healthz':
        json(response, 200, { alive: true })
        return true
      case '/readyz': {
        const state = stopping() ? { ready: false, checks: { process: 'stopping' } } : await readiness(checks)
        json(response, state.ready ? 200 : 503, state)
        return true
      }
      case '/metrics':
        response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
        response.end(await metrics.metrics())
        return true
      default:
        return false
    }
  }
}
