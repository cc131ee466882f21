import { Counter } from 'prom-client'
import { reasonOf } from './errors.ts'
import { isFull } from './outage.ts'

const refusals = new Counter({
  name: 'movieverse_store_full_total',
  help: 'Writes that a store refused because it has no room',
})

/** Milliseconds after a refusal until the store is thought to have room again. */
const rememberedMs = 5000

let last: { readonly reason: string; readonly at: number } | undefined

/** Nobody asks a store for its room: what it refuses tells. To be called with every failure of a store. */
export function noteRoom(error: unknown): void {
  if (!isFull(error)) return
  refusals.inc()
  last = { reason: reasonOf(error), at: performance.now() }
}

/** For readiness, as what helps: a full store still answers reads. @throws Error when one has just refused a write for want of room */
export async function checkRoom(): Promise<void> {
  if (last && performance.now() - last.at < rememberedMs)
    throw new Error(`A store has no room: ${last.reason}`)
}
