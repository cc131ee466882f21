import type { ImportedBatch } from './store.ts'

/** The batches, none or more, that hold these rows: at most 1,000 ids each. */
export function batchOf(rows: readonly { readonly id: number }[]): ImportedBatch[] {
  const ids = rows.map(({ id }) => id).sort((a, b) => a - b)
  const batches: ImportedBatch[] = []
  for (let start = 0; start < ids.length; start += 1000) {
    const part = ids.slice(start, start + 1000)
    const firstId = part[0]
    const lastId = part.at(-1)
    if (firstId !== undefined && lastId !== undefined) batches.push({ firstId, lastId, count: part.length })
  }
  return batches
}
