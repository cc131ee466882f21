import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'

/** How a user appears to others, and what the user prefers. */
export interface Profile {
  /** Equals the account's id. */
  readonly userId: number
  readonly username: string
  readonly displayName: string
  readonly bio: string | null
  readonly avatarUrl: string | null
  readonly favoriteGenreIds: readonly number[]
  /** BCP 47. */
  readonly language: string
  readonly matureContent: boolean
  readonly emailNotifications: boolean
  /** Grows by one with each change of profile or follows; goes into the events. */
  readonly version: number
  readonly joinedAt: Date
}

export interface NewProfile {
  readonly userId: number
  readonly username: string
  readonly displayName: string
  readonly joinedAt: Date
}

export type ProfileChange = Partial<
  Pick<
    Profile,
    | 'displayName'
    | 'bio'
    | 'avatarUrl'
    | 'favoriteGenreIds'
    | 'language'
    | 'matureContent'
    | 'emailNotifications'
  >
>

export type TargetType = 'person' | 'genre' | 'user'

export interface Target {
  readonly type: TargetType
  readonly id: number
}

export interface Follow extends Target {
  /** Grows with time; what pages are cut by. */
  readonly position: bigint
  readonly followedAt: Date
}

export interface FollowPage {
  readonly userId: number
  readonly limit: number
  /** Follows older than this one; the newest ones without it. */
  readonly before?: bigint
}

/** What metadata has, as far as it is known here. */
export type KnownKind = 'genre' | 'person'

/** Writes the events that tell of a change, from the profile's state after it, in the change's own transaction. */
export type Tell = (profile: Pick<Profile, 'userId' | 'version'>) => readonly OutgoingEvent[]

/** Profiles, follows, and the ids of genres and people. What is erased stays so, whatever comes late. */
export interface ProfileStore {
  /** In the order of the ids; null for one never heard of. One statement. */
  byIds(ids: readonly number[]): Promise<readonly (Profile | 'erased' | null)[]>
  /** The youngest account's, should a name have changed hands. */
  byUsernameKey(key: string): Promise<Profile | null>
  /**
   * Makes the profiles that are not there, at most 1,000. Of those that are, it moves `joinedAt` to the earlier time, and
   * gives untouched ones the display name. Erased ones stay erased.
   */
  add(profiles: readonly NewProfile[]): Promise<void>
  /** Ids of the range that no profile, present or erased, has. @param last inclusive, at most 1,000 further */
  missingIn(first: number, last: number): Promise<readonly number[]>
  /** @returns null when the profile is not there or erased */
  change(userId: number, change: ProfileChange, tell: Tell): Promise<Profile | null>
  /** Erases the profile, what it follows and who follows it. Erasing one never heard of keeps it from ever being made. */
  erase(userId: number): Promise<void>
  /**
   * Starts or stops following; an event only when that changes anything.
   * @returns false when the user, or a user to be followed, is not there or erased
   */
  follow(userId: number, target: Target, options: { following: boolean; tell: Tell }): Promise<boolean>
  /** Pages in the order asked for, newest first. One statement. */
  follows(pages: readonly FollowPage[]): Promise<readonly (readonly Follow[])[]>
  /** In the order of the ids. One statement. */
  followCounts(userIds: readonly number[]): Promise<readonly number[]>
  /** Those of the ids that are known. One statement. */
  known(kind: KnownKind, ids: readonly number[]): Promise<ReadonlySet<number>>
  /** At most 1,000. */
  addKnown(kind: KnownKind, ids: readonly number[]): Promise<void>
  ping(): Promise<void>
  close(): Promise<void>
}
