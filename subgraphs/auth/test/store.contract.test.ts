import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { userErased, userRegistered } from '../src/events.ts'
import type { Name } from '../src/names.ts'
import { createAuthClient, createPrismaAccountStore } from '../src/store.prisma.ts'
import {
  type Account,
  type AccountStore,
  type NewAccount,
  type SigningKey,
  TakenError,
} from '../src/store.ts'

interface Opened {
  readonly store: AccountStore
  /** The events that were told, as the domain's JSON, oldest first. */
  told(): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

/** Every engine of the port; a further one is a line here. */
const engines: Record<string, () => Promise<Opened>> = {
  async prisma() {
    const database = await createTestDatabase('auth')
    const client = createAuthClient(database.url)
    const store = createPrismaAccountStore({ client, outbox: createOutbox({ source: 'auth' }) })
    return {
      store,
      told: async () =>
        (await client.outboxEvent.findMany({ orderBy: { position: 'asc' } })).map(
          ({ data }) => data as Record<string, unknown>,
        ),
      close: async () => {
        await store.close()
        await database.close()
      },
    }
  },
}

const nothing = () => []
const newAccount = (name: string, change: Partial<NewAccount> = {}): NewAccount => ({
  email: `${name}@Example.com`,
  emailKey: `${name}@example.com`,
  username: name.toUpperCase(),
  usernameKey: name,
  passwordHash: 'hash',
  admin: false,
  ...change,
})
const name = (text: string): Name => ({ shown: text, key: text.toLowerCase() })

describe.each(Object.entries(engines))('an account store on %s', (_, open) => {
  let opened: Opened
  let store: AccountStore
  beforeAll(async () => {
    opened = await open()
    store = opened.store
  })
  afterAll(() => opened?.close())

  test('finds what was inserted by id and by each key, in the order asked for', async () => {
    const ada = await store.insert(newAccount('ada'), nothing)
    const bob = await store.insert(newAccount('bob'), nothing)
    expect(ada).toMatchObject({ email: 'ada@Example.com', username: 'ADA', version: 1, admin: false })
    expect(await store.byIds([bob.id, 999_999, ada.id])).toEqual([bob, null, ada])
    expect(await store.byEmailKey('ada@example.com')).toEqual(ada)
    expect(await store.byUsernameKey('bob')).toEqual(bob)
    expect(await store.byUsernameKey('nobody')).toBeNull()
  })

  test('tells which names are taken', async () => {
    await store.insert(newAccount('taken'), nothing)
    const asked = (emailName: string, username: string) =>
      store.taken({ emailKey: `${emailName}@example.com`, usernameKey: username })
    expect(await asked('taken', 'free')).toEqual({ email: true, username: false })
    expect(await asked('free', 'taken')).toEqual({ email: false, username: true })
    expect(await asked('free', 'free')).toEqual({ email: false, username: false })
  })

  test('of many who want one name at once, one gets it', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (__, i) =>
        store.insert(newAccount('wanted', { email: `${i}@x.org`, emailKey: `${i}@x.org` }), nothing),
      ),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(refusals.every((reason) => reason instanceof TakenError)).toBe(true)
  })

  test('writes the events with the row, and neither when an event breaks its contract', async () => {
    const before = (await opened.told()).length
    const teller = await store.insert(newAccount('teller'), (account) => [userRegistered(account)])
    const broken = store.insert(newAccount('broken'), () => [
      { topic: 'movieverse.accounts', key: 1, data: { type: 'user_erased', user_id: -1, version: 1 } },
    ])
    await expect(broken).rejects.toThrow()
    expect((await opened.told()).slice(before)).toEqual([
      { type: 'user_registered', user_id: teller.id, username: 'TELLER', version: 1 },
    ])
    expect(await store.byUsernameKey('broken')).toBeNull()
  })

  test('a new password ends the epoch of the sessions, a rehash does not', async () => {
    const { id } = await store.insert(newAccount('changer'), nothing)
    const changed = await store.setPassword(id, 'second')
    expect(changed).toMatchObject({ passwordHash: 'second', sessionEpoch: 2, version: 2 })
    await store.rehash(id, 'first', 'stale')
    await store.rehash(id, 'second', 'stronger')
    expect(await store.byIds([id])).toMatchObject([{ passwordHash: 'stronger', sessionEpoch: 2 }])
  })

  test('an administrator always remains, even when all of them go at once', async () => {
    expect(await store.hasAdministrator()).toBe(false)
    const admins = await Promise.all(
      ['root1', 'root2', 'root3'].map((each) => store.insert(newAccount(each, { admin: true }), nothing)),
    )
    const outcomes = await Promise.all(
      admins.map(({ id }, i) =>
        i === 0
          ? store.erase(id, (account) => [userErased(account)])
          : store.setAdmin(id, false).then((done) => done?.outcome),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'last')).toHaveLength(1)
    expect(await store.hasAdministrator()).toBe(true)
    const left = (await store.byIds(admins.map(({ id }) => id))).filter((account) => account?.admin)
    expect(left).toHaveLength(1)
    const [last] = left
    expect((await store.setAdmin(last?.id ?? 0, true))?.outcome).toBe('unchanged')
    expect(await store.setAdmin(999_999, true)).toBeNull()
  })

  test('whoever was erased is known, and can be erased again where a backup brought them back', async () => {
    const [first, second] = [
      await store.insert(newAccount('ledger1', { admin: true }), nothing),
      await store.insert(newAccount('ledger2'), nothing),
    ]
    const erasedAt = new Date(Date.now() + 60_000)
    const before = new Date(second.createdAt.getTime() - 1)
    const erasures = [
      { userId: first.id, erasedAt },
      { userId: second.id, erasedAt: before },
      { userId: 2_000_000, erasedAt },
    ]
    const tell = (account: Account) => [userErased(account)]
    expect(await store.eraseAgain(erasures, tell)).toEqual([first.id])
    expect(await store.eraseAgain(erasures, tell)).toEqual([])
    expect(await store.byIds([first.id, second.id])).toEqual([null, second])
    expect(await store.erasures()).toContainEqual({ userId: first.id, erasedAt, version: 2 })
    expect((await opened.told()).at(-1)).toEqual({ type: 'user_erased', user_id: first.id, version: 2 })
    await store.skipIds(1000)
    expect((await store.insert(newAccount('ledger3'), nothing)).id).toBe(second.id + 1001)
  })

  test('an erased account answers nowhere, frees its names, and its id is not given again', async () => {
    const { id } = await store.insert(newAccount('leaver'), nothing)
    const before = (await opened.told()).length
    expect(await store.erase(id, (account) => [userErased(account)])).toBe('erased')
    expect(await store.erase(id, (account) => [userErased(account)])).toBe('gone')
    expect((await opened.told()).slice(before)).toEqual([{ type: 'user_erased', user_id: id, version: 2 }])
    expect(await store.byIds([id])).toEqual([null])
    expect(await store.byEmailKey('leaver@example.com')).toBeNull()
    expect(await store.byUsernameKey('leaver')).toBeNull()
    expect(await store.setPassword(id, 'x')).toBeNull()
    expect(await store.touch(id, nothing)).toBeNull()
    const again = await store.insert(newAccount('leaver'), nothing)
    expect(again.id).toBeGreaterThan(id)
  })

  test('imports members once, in their order, with one event for those that are new', async () => {
    const members = Array.from({ length: 1000 }, (__, i) => ({
      source: `set:${i}`,
      names: [name(`Member${i}`), name(`Member${i}-set`)],
    }))
    const before = (await opened.told()).length
    const first = await store.importMembers(members.slice(0, 600), 'seed')
    const all = await store.importMembers(members, 'seed')
    expect(all.slice(0, 600)).toEqual(first)
    expect(new Set(all).size).toBe(1000)
    expect(await store.importMembers(members, 'seed')).toEqual(all)
    expect((await opened.told()).slice(before)).toEqual([
      { type: 'users_imported', first_id: Math.min(...first), last_id: Math.max(...first), count: 600 },
      {
        type: 'users_imported',
        first_id: Math.min(...all.slice(600)),
        last_id: Math.max(...all.slice(600)),
        count: 400,
      },
    ])
    const [, second] = await store.byIds(all.slice(0, 2))
    expect(second).toMatchObject({ username: 'Member1', email: null, passwordHash: null })
  })

  test('a member whose name someone has gets the next one, and imports at once agree', async () => {
    await store.insert(newAccount('occupied'), nothing)
    const members = [{ source: 'clash:1', names: [name('Occupied'), name('Occupied-2')] }]
    const [[once], [twice]] = await Promise.all([
      store.importMembers(members, 'import'),
      store.importMembers(members, 'import'),
    ])
    expect(once).toBe(twice)
    expect(await store.byIds([once ?? 0])).toMatchObject([{ username: 'Occupied-2' }])
  })

  test('signing keys are changed by one at a time', async () => {
    const key = (kid: string): SigningKey => ({
      kid,
      publicJwk: { kty: 'OKP', x: kid },
      sealedKey: Uint8Array.from([1, 2, 3]),
      createdAt: new Date(1000),
      signsFrom: new Date(2000),
    })
    const makeFirst = (kid: string) =>
      store.changeSigningKeys(async (keys) => ({ add: keys.length === 0 ? [key(kid)] : [], remove: [] }))
    const seen = await Promise.all(['a', 'b', 'c', 'd'].map(makeFirst))
    const kids = new Set(seen.flat().map(({ kid }) => kid))
    expect(kids.size).toBe(1)
    const [kid = ''] = kids
    expect(await store.signingKeys()).toEqual([key(kid)])
    expect(await store.changeSigningKeys(async () => ({ add: [key('next')], remove: [kid] }))).toEqual([
      key('next'),
    ])
    expect(await store.signingKeys()).toEqual([key('next')])
  })
})
