import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { Importers } from './importers.ts'
import { memberName } from './member-names.ts'
import type { Line, RatingRecord } from './records.ts'

/** Someone who rated in a source, and when for the first time. */
export interface Rater {
  readonly sourceId: number
  readonly joinedAt: Date
}

/** Everyone who rated, in order of first appearance. Holds a number and a time for each, not their ratings. */
export async function findRaters(ratings: AsyncIterable<Line<RatingRecord>>): Promise<readonly Rater[]> {
  const firstTimes = new Map<number, number>()
  for await (const line of ratings) {
    if ('fault' in line) continue
    const time = line.value.createdAt.getTime()
    const known = firstTimes.get(line.value.sourceUserId)
    if (known === undefined || time < known) firstTimes.set(line.value.sourceUserId, time)
  }
  return [...firstTimes].map(([sourceId, time]) => ({ sourceId, joinedAt: new Date(time) }))
}

/**
 * Makes members of raters: an account that nobody can sign in to and a profile, both under a made-up name.
 * @returns their ids, in the order of the raters
 */
export async function importRaters(
  importers: Importers,
  raters: readonly Rater[],
  { dataset, origin }: { readonly dataset: string; readonly origin: EventOrigin },
): Promise<readonly number[]> {
  const names = raters.map(({ sourceId }) => memberName(sourceId))
  const members = await importers.importMembers(
    raters.map(({ sourceId }, index) => ({
      source: `${dataset}:${sourceId}`,
      username: names[index]?.username ?? '',
    })),
    origin,
  )
  await importers.importProfiles(
    members.flatMap(({ id, username }, index) => {
      const joinedAt = raters[index]?.joinedAt
      const displayName = names[index]?.displayName
      if (username === undefined || !joinedAt || !displayName) return []
      return [{ userId: id, username, displayName, joinedAt }]
    }),
  )
  return members.map(({ id }) => id)
}
