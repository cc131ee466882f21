import { randomInt } from 'node:crypto'
import type { Role } from '@movieverse/kit/viewer'
import { type Accounts, lastAdministrator, type Registration } from './accounts.ts'
import type { Outcome } from './faults.ts'
import type { Keyring } from './keyring.ts'
import { isFault, username } from './names.ts'
import type { Passwords } from './passwords.ts'
import type { Sessions } from './sessions.ts'
import type { Account, AccountStore } from './store.ts'

/**
 * What the operator does at the machine itself, without signing in. Each call says in its error what is wrong, in words
 * for a terminal.
 */
export interface Administration {
  hasAdministrator(): Promise<boolean>
  /** @throws Error when a name is taken or a value is not valid */
  createAccount(registration: Registration): Promise<Account>
  /** @throws Error when a name is taken or a value is not valid */
  createAdministrator(registration: Registration): Promise<Account>
  /** @throws Error when there is no such account */
  grant(username: string, role: Role): Promise<Account>
  /** @throws Error when there is no such account, or no other administrator */
  revoke(username: string, role: Role): Promise<Account>
  /** Sets a random password and ends the sessions. @returns the password, which is known nowhere else */
  resetPassword(username: string): Promise<string>
  /** Publishes a next signing key; `leaked` replaces all of them at once and so ends every access token. */
  rotateKeys(options?: { leaked?: boolean }): Promise<void>
}

interface AdministrationParts {
  readonly store: AccountStore
  readonly accounts: Accounts
  readonly passwords: Passwords
  readonly sessions: Sessions
  readonly keyring: Keyring
}

export function createAdministration(parts: AdministrationParts): Administration {
  const { store, accounts, passwords, sessions, keyring } = parts

  async function named(text: string): Promise<Account> {
    const name = username(text)
    const account = isFault(name) ? null : await store.byUsernameKey(name.key)
    if (!account) throw new Error(`There is no account named ${text}.`)
    return account
  }

  async function setRole(text: string, role: Role, has: boolean): Promise<Account> {
    if (role !== 'admin') throw new Error('Every account is a user; only the role admin is given and taken.')
    const { id } = await named(text)
    const done = await store.setAdmin(id, has)
    if (!done) throw new Error(`There is no account named ${text}.`)
    if (done.outcome === 'last') throw new Error(lastAdministrator)
    if (done.outcome === 'changed') await sessions.endAll(id)
    return done.account
  }

  return {
    hasAdministrator: () => store.hasAdministrator(),
    createAccount: async (registration) => made(await accounts.create(registration)),
    createAdministrator: async (registration) => made(await accounts.create(registration, true)),
    grant: (name, role) => setRole(name, role, true),
    revoke: (name, role) => setRole(name, role, false),
    async resetPassword(name) {
      const { id, passwordHash } = await named(name)
      if (passwordHash === null) throw new Error(`${name} is an imported member and cannot sign in.`)
      const password = randomPassword()
      await store.setPassword(id, await passwords.hash(password))
      await sessions.endAll(id)
      return password
    },
    async rotateKeys({ leaked = false } = {}) {
      await (leaked ? keyring.replace() : keyring.rotate())
    },
  }
}

function made(outcome: Outcome<Account>): Account {
  if ('faults' in outcome) throw new Error(outcome.faults.map(({ message }) => message).join(' '))
  return outcome.value
}

/** Without characters that are taken for one another. */
const letters = '23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ'

/** 20 random characters: 116 bits. */
export function randomPassword(): string {
  return Array.from({ length: 20 }, () => letters[randomInt(letters.length)]).join('')
}
