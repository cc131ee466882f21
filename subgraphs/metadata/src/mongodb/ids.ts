import type { Collections } from './collections.ts'
import type { CounterDocument } from './documents.ts'

/** New ids, ascending. Ids of a write that fails are lost. */
export async function allocateIds(
  { counters }: Collections,
  counter: CounterDocument['_id'],
  count: number,
): Promise<number[]> {
  if (count === 0) return []
  const moved = await counters.findOneAndUpdate(
    { _id: counter },
    { $inc: { value: count } },
    { upsert: true, returnDocument: 'after' },
  )
  if (!moved) throw new Error(`The counter of ${counter} gave no ids`)
  return Array.from({ length: count }, (_, index) => moved.value - count + 1 + index)
}

/** The only id of `allocateIds`. */
export async function allocateId(collections: Collections, counter: CounterDocument['_id']): Promise<number> {
  const [id] = await allocateIds(collections, counter, 1)
  if (id === undefined) throw new Error(`The counter of ${counter} gave no id`)
  return id
}

/** `_id` among these, and so many documents an answer that a second one is not needed. */
export function byIds(ids: readonly number[]) {
  return [{ _id: { $in: [...ids] } }, { batchSize: ids.length + 1, projection: { pending: 0 } }] as const
}
