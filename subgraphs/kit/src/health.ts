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
export async function readiness(checks: Checks, helpful: Checks = {}): Promise<Readiness> {
  const states = await Promise.all(
    Object.entries({ ...helpful, ...checks }).map(
      async ([name, check]) => [name, await stateOf(check)] as const,
    ),
  )
  return {
    ready: states.every(([name, state]) => state === 'ok' || !(name in checks)),
    checks: Object.fromEntries(states),
  }
}

export interface HealthState {
  readonly checks: Checks
  /** Dependencies without which the process still serves a part: shown, and the process stays ready. */
  readonly helpful?: Checks
  /** True once the process has begun to stop: readiness is red before it stops listening. */
  stopping(): boolean
}

/** Answers `/healthz` (alive), `/readyz` (able to serve, with each dependency's state) and `/metrics` (Prometheus). */
export function createHealthHandler({ checks, helpful, stopping }: HealthState) {
  const json = (response: ServerResponse, status: number, body: unknown) =>
    response
      .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(body))

  async function answerReadiness(response: ServerResponse): Promise<void> {
    const state = stopping()
      ? { ready: false, checks: { process: 'stopping' } }
      : await readiness(checks, helpful)
    json(response, state.ready ? 200 : 503, state)
  }

  async function answerMetrics(response: ServerResponse): Promise<void> {
    try {
      const text = await metrics.metrics()
      response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text)
    } catch (error) {
      json(response, 500, { error: reasonOf(error) })
    }
  }

  /** @returns false when the path is none of its own: most requests are another's, so that must be known at once */
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { url = '' } = request
    const query = url.indexOf('?')
    switch (query < 0 ? url : url.slice(0, query)) {
      case '/healthz':
        json(response, 200, { alive: true })
        return true
      case '/readyz':
        void answerReadiness(response)
        return true
      case '/metrics':
        void answerMetrics(response)
        return true
      default:
        return false
    }
  }
}
