import { unauthenticated } from '@movieverse/kit/errors'
import { foldText } from '@movieverse/kit/text'
import type { Viewer } from '@movieverse/kit/viewer'
import type { Directory } from './directory.ts'
import { profileUpdated } from './events.ts'
import { fault, type Outcome, refused } from './faults.ts'
import { type ProfileInput, readProfileInput } from './profile-input.ts'
import type { NewProfile, Profile, ProfileChange, ProfileStore } from './store.ts'

export interface Profiles {
  /** The viewer's own, made now if the event of the registration is late; null once erased. */
  own(viewer: Viewer): Promise<Profile | null>
  byUsername(username: string): Promise<Profile | null>
  /** All faults at once; with one nothing has changed. An event only if anything changes. */
  update(viewer: Viewer, input: ProfileInput): Promise<Outcome<Profile>>
}

export function createProfiles(store: ProfileStore, directory: Directory): Profiles {
  async function own({ userId, username }: Viewer): Promise<Profile | null> {
    const [stored] = await store.byIds([userId])
    if (stored === 'erased') return null
    if (stored) return stored
    await store.add([{ userId, username, displayName: username, joinedAt: new Date() }])
    const [made] = await store.byIds([userId])
    return made === 'erased' || made === undefined ? null : made
  }

  return {
    own,
    byUsername: (username) => store.byUsernameKey(foldText(username)),

    async update(viewer, input) {
      const profile = await own(viewer)
      if (!profile) throw unauthenticated('This account is gone.')
      const { change, faults } = readProfileInput(input)
      const genres = change.favoriteGenreIds ?? []
      const existing =
        genres.length > 0 && faults.length === 0 ? await directory.existing('genre', genres) : null
      const unknown = existing ? genres.filter((id) => !existing.has(id)) : []
      if (unknown.length > 0)
        return refused(fault('NOT_FOUND', `There is no genre ${unknown.join(', ')}.`, 'favoriteGenreIds'))
      if (faults.length > 0) return refused(...faults)
      if (!changes(profile, change)) return { value: profile }
      const changed = await store.change(profile.userId, change, (row) => [profileUpdated(row)])
      if (!changed) throw unauthenticated('This account is gone.')
      return { value: changed }
    },
  }
}

function changes(profile: Profile, change: ProfileChange): boolean {
  return Object.entries(change).some(
    ([field, value]) => JSON.stringify(profile[field as keyof ProfileChange]) !== JSON.stringify(value),
  )
}

const batchSize = 1000

/**
 * Takes up the profiles of imported members, whose display name may differ from the user name. Running it again changes
 * nothing, nor does it touch what a user has changed.
 */
export async function importProfiles(store: ProfileStore, profiles: readonly NewProfile[]): Promise<void> {
  for (let start = 0; start < profiles.length; start += batchSize)
    await store.add(profiles.slice(start, start + batchSize))
}
