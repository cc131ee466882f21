import { unauthenticated } from '@movieverse/kit/errors'
import type { Role, Viewer } from '@movieverse/kit/viewer'
import { userErased, userRegistered } from './events.ts'
import { type Fault, fault, type Outcome, refused } from './faults.ts'
import { email, isFault, username } from './names.ts'
import { passwordFault } from './passwords.ts'
import type { Client, OpenSession, SignIn, SignInParts } from './sign-in.ts'
import { type Account, TakenError } from './store.ts'

export interface Registration {
  readonly email: string
  readonly username: string
  readonly password: string
}

/** What can be done with an account. Faults of the input are answered, never thrown; with a fault nothing has changed. */
export interface Accounts {
  /** An account without a session. All faults of the input at once. */
  create(registration: Registration, admin?: boolean): Promise<Outcome<Account>>
  /** @throws GraphQLError RATE_LIMITED; KeyValueUnavailable when no session could be opened */
  register(registration: Registration, client: Client): Promise<Outcome<OpenSession>>
  /** Ends every session of the account and opens a new one. */
  changePassword(
    viewer: Viewer,
    change: { currentPassword: string; newPassword: string },
    client: Client,
  ): Promise<Outcome<OpenSession>>
  /** Erases e-mail address, user name and hash; ends the sessions; tells everyone else to forget. */
  erase(viewer: Viewer, password: string, client: Client): Promise<Outcome<number>>
  /** A changed account signs in again, since its tokens carry the roles. The last administrator stays one. */
  setRoles(id: number, roles: readonly Role[]): Promise<Outcome<Account>>
}

export interface AccountParts extends SignInParts {
  readonly signIn: SignIn
}

const takenFaults = {
  email: fault('EMAIL_TAKEN', 'There is an account with this e-mail address.', 'email'),
  username: fault('USERNAME_TAKEN', 'This user name is taken.', 'username'),
}

export const lastAdministrator = 'The last administrator makes another one first.'

export function createAccounts({ store, sessions, passwords, attempts, signIn }: AccountParts): Accounts {
  const takenBy = async (keys: { emailKey: string; usernameKey: string }): Promise<Fault[]> => {
    const taken = await store.taken(keys)
    return [...(taken.email ? [takenFaults.email] : []), ...(taken.username ? [takenFaults.username] : [])]
  }

  async function create(
    registration: Registration,
    admin = false,
    admit = async (): Promise<unknown> => undefined,
  ): Promise<Outcome<Account>> {
    const address = email(registration.email)
    const name = username(registration.username)
    const weak = passwordFault(registration.password, 'password', [registration.username, registration.email])
    if (isFault(address) || isFault(name) || weak)
      return refused(...[address, name].filter(isFault), ...(weak ? [weak] : []))
    await admit()
    const keys = { emailKey: address.key, usernameKey: name.key }
    const taken = await takenBy(keys)
    if (taken.length > 0) return refused(...taken)
    const passwordHash = await passwords.hash(registration.password)
    const row = { ...keys, email: address.shown, username: name.shown, passwordHash, admin }
    try {
      return { value: await store.insert(row, (account) => [userRegistered(account)]) }
    } catch (error) {
      // Someone took a name while the password was being hashed.
      if (error instanceof TakenError) return refused(...(await takenBy(keys)))
      throw error
    }
  }

  return {
    create: (registration, admin) => create(registration, admin),

    async register(registration, client) {
      const made = await create(registration, false, async () => {
        // No account whose maker is told that it failed.
        await sessions.ready()
        await attempts.count('registrationsByAddress', client.address)
      })
      return 'faults' in made ? made : signIn.open(made.value, client)
    },

    async changePassword(viewer, { currentPassword, newPassword }, client) {
      const confirmed = await signIn.confirm(viewer, currentPassword, { field: 'currentPassword', client })
      if ('faults' in confirmed) return confirmed
      const { id, username: name, email: address } = confirmed.value
      const weak = passwordFault(newPassword, 'newPassword', [name, address ?? ''])
      if (weak) return refused(weak)
      const changed = await store.setPassword(id, await passwords.hash(newPassword))
      if (!changed) throw unauthenticated('This account is gone.')
      await sessions.endAll(id)
      return signIn.open(changed, client)
    },

    async erase(viewer, password, client) {
      const confirmed = await signIn.confirm(viewer, password, { field: 'password', client })
      if ('faults' in confirmed) return confirmed
      const { id } = confirmed.value
      const outcome = await store.erase(id, (account) => [userErased(account)])
      if (outcome === 'last') return refused(fault('INVALID_VALUE', lastAdministrator))
      await sessions.endAll(id)
      return { value: id }
    },

    async setRoles(id, roles) {
      if (roles.length === 0) return refused(fault('INVALID_VALUE', 'An account has a role.', 'roles'))
      const done = await store.setAdmin(id, roles.includes('admin'))
      if (!done) return refused(fault('NOT_FOUND', 'There is no such account.', 'accountId'))
      if (done.outcome === 'last') return refused(fault('INVALID_VALUE', lastAdministrator, 'roles'))
      if (done.outcome === 'changed') await sessions.endAll(id)
      return { value: done.account }
    },
  }
}
