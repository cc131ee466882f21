import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { openAuthEngine } from '@movieverse/auth/engine'
import { userErased } from '@movieverse/auth/events'
import type { Erasure } from '@movieverse/auth/store'
import { reasonOf } from '@movieverse/kit/errors'
import { z } from 'zod'
import { unusable } from './manifest.ts'

/** A line of a ledger. */
const line = z.object({ user_id: z.int().positive(), erased_at: z.iso.datetime() })

/** One connection: a few statements at once. */
const settings = { connections: 1 }

/** Whoever was erased, as auth knows it. @param url auth's database, with its tables */
export async function readErasures(url: string): Promise<readonly Erasure[]> {
  const { store } = openAuthEngine(url, settings)
  try {
    return await store.erasures()
  } finally {
    await store.close()
  }
}

/**
 * The ledger of erasures as a file, a JSON line each: ids and times, nothing of the people. Whole when it resolves, or
 * as it was.
 */
export async function writeLedger(file: string, erasures: readonly Erasure[]): Promise<void> {
  const text = erasures.map(({ userId, erasedAt }) =>
    JSON.stringify({ user_id: userId, erased_at: erasedAt.toISOString() }),
  )
  await writeFile(`${file}.making`, text.map((one) => `${one}\n`).join(''), { flush: true, mode: 0o600 })
  await rename(`${file}.making`, file)
}

/** @throws StartupError BACKUP_UNUSABLE for a file that is no ledger; one that is not there is empty */
export async function readLedger(file: string): Promise<readonly Erasure[]> {
  if (!existsSync(file)) return []
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((text) => text !== '')
    return lines.map((text) => {
      const { user_id, erased_at } = line.parse(JSON.parse(text))
      return { userId: user_id, erasedAt: new Date(erased_at) }
    })
  } catch (error) {
    throw unusable(`${file} is no ledger of erasures: ${reasonOf(error)}`, error)
  }
}

/** Each user once, with the latest time. */
export function mergeErasures(ledgers: readonly (readonly Erasure[])[]): readonly Erasure[] {
  const latest = new Map<number, Erasure>()
  for (const erasure of ledgers.flat()) {
    const known = latest.get(erasure.userId)
    if (!known || known.erasedAt < erasure.erasedAt) latest.set(erasure.userId, erasure)
  }
  return [...latest.values()].sort((a, b) => a.userId - b.userId)
}

/** Ids that may have been given between a backup and its restore. */
const idsOfAnInterval = 100_000
/** Milliseconds before a backup in which an erasure may not have come to every service by then. */
const onItsWay = 7 * 24 * 60 * 60 * 1000

/**
 * Erases in restored accounts whoever was erased since, and has the other services told as of any erasure; of those
 * shortly before the backup they are told again, as their events may have been on their way. Ids that were given since
 * the backup are not given again: what still speaks of them speaks of nobody.
 * @returns ids erased
 */
export async function eraseSince(
  url: string,
  { erasures, takenAt }: { readonly erasures: readonly Erasure[]; readonly takenAt: Date },
): Promise<readonly number[]> {
  const { store, database, outbox } = openAuthEngine(url, settings)
  try {
    await store.skipIds(idsOfAnInterval)
    const erased = await store.eraseAgain(erasures, (account) => [userErased(account)])
    const before = await store.erasures()
    const again = before.filter(
      ({ userId, erasedAt }) => !erased.includes(userId) && erasedAt.getTime() > takenAt.getTime() - onItsWay,
    )
    const events = again.map(({ userId, version }) => userErased({ id: userId, version }))
    await database.transaction((sql) => outbox.append(sql, events))
    return erased
  } finally {
    await store.close()
  }
}
