import type { OutgoingEvent } from '@movieverse/kit/outbox/outbox'
import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { Name } from './names.ts'

/** An account that has not been erased. */
export interface Account {
  readonly id: number
  /** Null for imported members, who cannot sign in. */
  readonly email: string | null
  /** As its owner writes it. */
  readonly username: string
  readonly passwordHash: string | null
  readonly admin: boolean
  /** Grows by one with each change; goes into the account's events. */
  readonly version: number
  /** Sessions that were opened under a lower number have ended. */
  readonly sessionEpoch: number
  readonly createdAt: Date
}

export interface NewAccount {
  readonly email: string
  readonly emailKey: string
  readonly username: string
  readonly usernameKey: string
  readonly passwordHash: string
  readonly admin: boolean
}

/** A member of an imported data set. */
export interface NewMember {
  /** Where the member comes from, unique: `movielens-latest-small:1`. */
  readonly source: string
  /** The first that is free is the member's; the last one is nobody else's. */
  readonly names: readonly Name[]
}

/** Writes the events that tell of a change, from the row as it then is, in the change's own transaction. */
export type Tell = (account: Account) => readonly OutgoingEvent[]

/** A unique name was taken between the look and the write. */
export class TakenError extends Error {
  override readonly name = 'TakenError'
}

/** That everything of a user was removed, for good. */
export interface Erasure {
  readonly userId: number
  readonly erasedAt: Date
}

/** An erasure that this store has carried out. */
export interface CarriedOut extends Erasure {
  /** Of the erased account. */
  readonly version: number
}

/** A private signing key, sealed, and its public half. */
export interface SigningKey {
  readonly kid: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly sealedKey: Uint8Array<ArrayBuffer>
  readonly createdAt: Date
  /** From here on it signs, until a key with a later time does. */
  readonly signsFrom: Date
}

/** Accounts and signing keys. Reads never answer an erased account. */
export interface AccountStore {
  /** In the order of the ids; null for those that are not (or no more) there. One statement. */
  byIds(ids: readonly number[]): Promise<readonly (Account | null)[]>
  byEmailKey(key: string): Promise<Account | null>
  byUsernameKey(key: string): Promise<Account | null>
  /** Which of the two are in use. One statement. */
  taken(keys: { emailKey: string; usernameKey: string }): Promise<{ email: boolean; username: boolean }>
  /** @throws TakenError */
  insert(account: NewAccount, tell: Tell): Promise<Account>
  /** Sets the hash and ends the epoch of the sessions; null when the account is gone. */
  setPassword(id: number, passwordHash: string): Promise<Account | null>
  /** Replaces a hash by another of the same password; nothing when the hash is no longer `from`. */
  rehash(id: number, from: string, to: string): Promise<void>
  /** Counts a change that has no column of its own, for the sake of its event. */
  touch(id: number, tell: Tell): Promise<Account | null>
  /** Serialised with `erase`, so that one administrator always remains. `last`: refused for that reason. */
  setAdmin(
    id: number,
    admin: boolean,
  ): Promise<{ outcome: 'changed' | 'unchanged' | 'last'; account: Account } | null>
  /** Removes everything of the person and keeps the id from being used again. */
  erase(id: number, tell: Tell): Promise<'erased' | 'last' | 'gone'>
  /** Whoever was erased: what a restored backup of before has to be told. In the order of the ids. */
  erasures(): Promise<readonly CarriedOut[]>
  /**
   * Erases those of them whose account is there, whoever they are: after a backup was restored. An account that is
   * younger than the erasure of its id is another one.
   * @returns ids erased
   */
  eraseAgain(erasures: readonly Erasure[], tell: Tell): Promise<readonly number[]>
  /** Leaves out the next `count` ids: those that were given after the backup that was restored are not given again. */
  skipIds(count: number): Promise<void>
  hasAdministrator(): Promise<boolean>
  /**
   * Inserts the members whose source is not yet there, at most 1,000, with one event for those that are new.
   * @returns ids in the order of the members
   */
  importMembers(members: readonly NewMember[], origin: EventOrigin): Promise<readonly number[]>
  signingKeys(): Promise<readonly SigningKey[]>
  /** Reads the keys, asks what to add and remove, and does it, one caller at a time in the whole platform. */
  changeSigningKeys(
    decide: (
      keys: readonly SigningKey[],
    ) => Promise<{ add: readonly SigningKey[]; remove: readonly string[] }>,
  ): Promise<readonly SigningKey[]>
  ping(): Promise<void>
  close(): Promise<void>
}
