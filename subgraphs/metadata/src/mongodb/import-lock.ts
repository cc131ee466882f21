import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { backOff } from '@movieverse/kit/latch'
import { type Collections, importLock } from './collections.ts'
import { free, givenBack, holding } from './held.ts'

/** Longer than any batch takes; the lock of a process that died is free after that. */
const leaseMs = 60_000

/** Answers a function that runs one piece of work at a time, over all processes. */
export function createImportLock({ leases }: Collections): <T>(work: () => Promise<T>) => Promise<T> {
  return async (work) => {
    const owner = randomUUID()
    const take = () => leases.findOneAndUpdate({ _id: importLock, ...free }, holding(owner, leaseMs))
    for (let tries = 1; !(await take()); tries++) await sleep(backOff(tries, 10, 200))
    try {
      return await work()
    } finally {
      await leases.updateOne({ _id: importLock, owner }, givenBack)
    }
  }
}
