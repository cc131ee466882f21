import { z } from 'zod'

export const id = z.int().positive()
/** Half stars from 0.5 to 5. */
export const rating = z.number().min(0.5).max(5).multipleOf(0.5)
/** The aggregate's version after the change; absent in events of aggregates without one (an import's range). */
export const version = z.int().nonnegative()
/** A bulk load's batch: at most 1,000 rows with ids from first to last. */
export const importedRange = { first_id: id, last_id: id, count: z.int().min(1).max(1000) }
