import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import { type Collection, MongoServerError } from 'mongodb'
import type { TellingDocument } from './documents.ts'
import type { DocumentOutbox } from './outbox.ts'

/** Whether a unique index has refused the write. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000
}

/** The next version of a document. */
export interface NextVersion<Result> {
  /** What the write answers. */
  readonly result: Result
  /** Every field of the document but its id, version and pending events; one that is undefined is taken away. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly events: readonly OutgoingEvent[]
}

export interface VersionWrite<Document, Result> {
  readonly collection: Collection<TellingDocument>
  readonly outbox: DocumentOutbox
  readonly id: number
  readonly find: () => Promise<Document | null>
  /** Called again when another write came first. Without an answer nothing is written. */
  readonly next: (present: Document | null, version: number) => NextVersion<Result> | undefined
}

/**
 * Writes a document's next version together with the events that tell of it: one update, done only on the version that it
 * was made of, and made anew when another write came first.
 * @returns undefined when `next` answered nothing
 * @throws what `next` throws; the driver's error (`isDuplicate`) when a unique index refuses the fields
 */
export async function writeVersion<Document extends TellingDocument, Result>(
  write: VersionWrite<Document, Result>,
): Promise<Result | undefined> {
  const { collection, outbox, id, find, next } = write
  for (;;) {
    const present = await find()
    const version = (present?.version ?? 0) + 1
    const made = next(present, version)
    if (!made) return undefined
    const pending = outbox.entries(made.events)
    const done = present
      ? await update(collection, present, { fields: { ...made.fields, version }, pending })
      : await insert(collection, { ...made.fields, _id: id, version, pending })
    if (!done) continue
    outbox.wake()
    return made.result
  }
}

/** @returns false when another write came first */
async function update(
  collection: Collection<TellingDocument>,
  present: TellingDocument,
  {
    fields,
    pending,
  }: Pick<TellingDocument, 'pending'> & { readonly fields: Readonly<Record<string, unknown>> },
): Promise<boolean> {
  const absent = Object.keys(fields).filter((name) => fields[name] === undefined)
  const { matchedCount } = await collection.updateOne(
    { _id: present._id, version: present.version },
    {
      $set: fields,
      $push: { pending: { $each: [...pending] } },
      ...(absent.length > 0 ? { $unset: Object.fromEntries(absent.map((name) => [name, ''])) } : {}),
    },
  )
  return matchedCount === 1
}

/** @returns false when someone else has inserted the document in the meantime */
async function insert(collection: Collection<TellingDocument>, document: TellingDocument): Promise<boolean> {
  try {
    await collection.insertOne(document)
    return true
  } catch (error) {
    if (!isDuplicate(error) || !(await collection.findOne({ _id: document._id }))) throw error
    return false
  }
}
