import { randomUUID } from 'node:crypto'
import { type OutboxLeases, outboxSlots } from '@movieverse/kit/outbox/leases'
import type { Collections } from './collections.ts'
import { free, givenBack, holding } from './held.ts'

/** Leases as documents: one for each slot, and one for each relay, by which the others count it. */
export function createDocumentLeases({ leases }: Collections, leaseMs: number): OutboxLeases {
  const owner = randomUUID()
  const presence = `relay:${owner}`
  let relays = 1

  async function held(): Promise<string[]> {
    const rows = await leases
      .find({ kind: 'slot', owner }, { projection: { _id: 1 }, batchSize: outboxSlots + 1 })
      .toArray()
    return rows.map(({ _id }) => _id).sort((a, b) => numberOf(a) - numberOf(b))
  }

  /** @returns the slot, or null when none is free */
  async function takeOne(): Promise<string | null> {
    const taken = await leases.findOneAndUpdate({ kind: 'slot', ...free }, holding(owner, leaseMs), {
      sort: { _id: 1 },
    })
    return taken?._id ?? null
  }

  return {
    get shared() {
      return relays > 1
    },

    async renew() {
      await leases.updateOne(
        { _id: presence },
        { ...holding(owner, leaseMs), $setOnInsert: { kind: 'relay' } },
        { upsert: true },
      )
      await leases.updateMany({ kind: 'slot', owner }, holding(owner, leaseMs))
      await leases.deleteMany({ kind: 'relay', ...free })
      relays = Math.max(1, await leases.countDocuments({ kind: 'relay' }))
      const share = Math.ceil(outboxSlots / relays)
      const slots = await held()
      if (slots.length > share) {
        const surplus = slots.splice(share)
        await leases.updateMany({ _id: { $in: surplus }, owner }, givenBack)
      }
      while (slots.length < share) {
        const slot = await takeOne()
        if (slot === null) break
        slots.push(slot)
      }
      return slots.map(numberOf).sort((a, b) => a - b)
    },

    async release() {
      await leases.updateMany({ kind: 'slot', owner }, givenBack)
      await leases.deleteOne({ _id: presence })
    },
  }
}

const numberOf = (slot: string) => Number(slot.slice('slot:'.length))
