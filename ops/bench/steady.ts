import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'

/** A fixed number of requests a second, whatever the answers do. */
export interface SteadyLoad {
  readonly url: string
  /** The bodies are posted in turn. */
  readonly bodies: readonly string[]
  readonly rate: number
  readonly seconds: number
}

/** Latencies count from the moment a request was due, so that a stall is seen by all that it holds up. */
export interface SteadyResult {
  readonly sent: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
}

/** Requests that a stall may hold up at once. */
const CONNECTIONS = 100

/** Posts at a fixed rate with up to 100 connections. */
export async function putSteadyLoad(load: SteadyLoad): Promise<SteadyResult> {
  const { origin, pathname } = new URL(load.url)
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 })
  const latencies: number[] = []
  let errors = 0
  const post = async (body: string, due: number) => {
    const headers = { 'content-type': 'application/json' }
    const response = await pool.request({ path: pathname, method: 'POST', headers, body })
    const text = Buffer.from(await response.body.arrayBuffer())
    if (response.statusCode === 200 && !text.includes('"errors":[')) latencies.push(performance.now() - due)
    else errors++
  }
  const total = Math.round(load.rate * load.seconds)
  let flying = 0
  const start = performance.now()
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * load.rate) + 1)
    for (; sent < due; sent++) {
      const body = load.bodies[sent % load.bodies.length] ?? ''
      const at = start + (sent / load.rate) * 1000
      flying++
      post(body, at)
        .catch(() => errors++)
        .finally(() => flying--)
    }
    await sleep(1)
  }
  while (flying > 0) await sleep(1)
  await pool.close()
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { sent: total, p50Ms: at(0.5), p99Ms: at(0.99), errors }
}
