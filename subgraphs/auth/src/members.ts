import { createHash } from 'node:crypto'
import type { EventOrigin } from '@movieverse/schema/events/contract'
import { isFault, type Name, username } from './names.ts'
import type { AccountStore, NewMember } from './store.ts'

export interface ImportedMember {
  /** Where the member comes from, unique over all data sets: `movielens-latest-small:1`. At most 100 characters. */
  readonly source: string
  readonly username: string
}

const batchSize = 1000

/**
 * Takes up members of a data set: accounts with a made-up name, without e-mail address and password, which nobody can
 * sign in to. Running it again changes nothing. One batch is one transaction and one event.
 * @returns their ids, in the order of the members
 * @throws Error when a name breaks the rules of user names
 */
export async function importMembers(
  store: AccountStore,
  members: readonly ImportedMember[],
  origin: EventOrigin = 'import',
): Promise<number[]> {
  const ids: number[] = []
  for (let start = 0; start < members.length; start += batchSize) {
    const batch = members.slice(start, start + batchSize)
    ids.push(...(await store.importMembers(batch.map(named), origin)))
  }
  return ids
}

/** A made-up name that someone has taken before gets a suffix that is always the same for the member. */
function named({ source, username: text }: ImportedMember): NewMember {
  const suffix = createHash('sha256').update(source).digest('hex').slice(0, 8)
  const longer = `${Array.from(text).slice(0, 21).join('')}-${suffix}`
  return { source, names: [valid(source, text), valid(source, longer)] }
}

function valid(source: string, text: string): Name {
  const name = username(text)
  if (isFault(name)) throw new Error(`${source}: ${name.message}`)
  return name
}
