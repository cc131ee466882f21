import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthHarness, LOGIN, openAuth, password, SET_ROLES, type SessionAnswer } from './harness.ts'

let service: AuthHarness
beforeAll(async () => {
  service = await openAuth()
})
afterAll(() => service?.close())

const root = { username: 'root', email: 'root@example.com', password }
const login = async (username: string, secret: string) =>
  (await service.ask<{ login: SessionAnswer }>(LOGIN, { input: { username, password: secret } })).data.login

describe('the operator', () => {
  test('makes the first administrator, who may then do what administrators do', async () => {
    const { administration } = service.auth
    expect(await administration.hasAdministrator()).toBe(false)
    await administration.createAdministrator(root)
    expect(await administration.hasAdministrator()).toBe(true)
    expect((await service.login('root')).viewer.roles).toEqual(['user', 'admin'])
    await expect(administration.createAdministrator(root)).rejects.toThrow(/taken/)
    await expect(administration.createAccount({ ...root, email: 'x' })).rejects.toThrow(/e-mail/)
  })

  test('grants and revokes by user name; whoever it is signs in again, since tokens carry roles', async () => {
    const { administration } = service.auth
    const member = await service.register('helper')
    await administration.grant('HELPER', 'admin')
    expect(await service.isRevoked(member.viewer)).toBe(true)
    const promoted = await service.login('helper')
    expect(promoted.viewer.roles).toEqual(['user', 'admin'])
    await administration.grant('helper', 'admin')
    expect(await service.isRevoked(promoted.viewer)).toBe(false)
    await administration.revoke('helper', 'admin')
    expect((await service.refresh(promoted.refreshToken)).errors).toMatchObject([{ code: 'SESSION_EXPIRED' }])
    await expect(administration.grant('nobody.known', 'admin')).rejects.toThrow('nobody.known')
    await expect(administration.revoke('root', 'admin')).rejects.toThrow(/last/)
  })

  test('sets a random password, which ends the sessions', async () => {
    const member = await service.register('forgetful')
    const random = await service.auth.administration.resetPassword('forgetful')
    expect(random).toMatch(/^\w{20}$/)
    expect((await service.refresh(member.refreshToken)).errors).toMatchObject([{ code: 'SESSION_EXPIRED' }])
    expect((await login('forgetful', password)).session).toBeNull()
    expect((await login('forgetful', random)).session).not.toBeNull()
  })
})

describe('setting roles', () => {
  const setRoles = async (accountId: number, roles: string[]) => {
    const { viewer } = await service.login('root')
    const { data } = await service.ask<{ setRoles: unknown }>(
      SET_ROLES,
      { input: { accountId: String(accountId), roles } },
      { viewer },
    )
    return data.setRoles
  }

  test('gives and takes the role of an administrator, and ends the sessions of whom it changes', async () => {
    const { viewer, refreshToken } = await service.register('climber')
    const id = String(viewer.userId)
    expect(await setRoles(viewer.userId, ['USER'])).toEqual({ account: { id, roles: ['USER'] }, errors: [] })
    expect(await service.isRevoked(viewer)).toBe(false)
    expect(await setRoles(viewer.userId, ['ADMIN'])).toEqual({
      account: { id, roles: ['USER', 'ADMIN'] },
      errors: [],
    })
    expect(await service.isRevoked(viewer)).toBe(true)
    expect((await service.refresh(refreshToken)).errors).toMatchObject([{ code: 'SESSION_EXPIRED' }])
    expect(await setRoles(viewer.userId, ['USER'])).toMatchObject({ account: { roles: ['USER'] } })
  })

  test('leaves the last administrator one, and refuses no role and no account', async () => {
    const { viewer } = await service.login('root')
    const refusal = (code: string, field: string) => ({ account: null, errors: [{ code, field: [field] }] })
    expect(await setRoles(viewer.userId, ['USER'])).toEqual(refusal('INVALID_VALUE', 'roles'))
    expect(await setRoles(viewer.userId, [])).toEqual(refusal('INVALID_VALUE', 'roles'))
    expect(await setRoles(999_999, ['ADMIN'])).toEqual(refusal('NOT_FOUND', 'accountId'))
  })
})

describe('imported members', () => {
  const members = Array.from({ length: 1200 }, (_, i) => ({ source: `set:${i}`, username: `Member.${i}` }))

  test('come in batches, each with one event, and only once', async () => {
    const before = (await service.told()).length
    const ids = await service.auth.importMembers(members, 'seed')
    expect(await service.auth.importMembers(members, 'seed')).toEqual(ids)
    expect((await service.told()).slice(before)).toEqual([
      { type: 'users_imported', first_id: ids[0], last_id: ids[999], count: 1000 },
      { type: 'users_imported', first_id: ids[1000], last_id: ids[1199], count: 200 },
    ])
  })

  test('take few statements, not one for each', async () => {
    const before = service.statements.length
    await service.auth.importMembers(
      members.map(({ username }, i) => ({ source: `again:${i}`, username: `x${username}` })),
    )
    expect(service.statements.length - before).toBeLessThan(20)
  })

  test.each(['', ' ', password])('cannot sign in, not with the password %j', async (secret) => {
    expect((await login('member.1', secret)).errors).toMatchObject([{ code: 'INVALID_CREDENTIALS' }])
  })

  test('cannot be given a password, and have an address that leads nowhere', async () => {
    await expect(service.auth.administration.resetPassword('member.2')).rejects.toThrow(/cannot sign in/)
    const [id] = await service.auth.importMembers(members.slice(2, 3))
    const { viewer } = await service.login('root')
    const { data } = await service.ask(
      'query ($id: ID!) { account(id: $id) { email username } }',
      { id },
      { viewer },
    )
    expect(data.account).toEqual({ email: `${id}@members.invalid`, username: 'Member.2' })
  })

  test('keep their order and their names when some of those are taken', async () => {
    await service.register('wanted.name')
    const [first, clash] = await service.auth.importMembers([
      { source: 'clash:1', username: 'free.name' },
      { source: 'clash:2', username: 'Wanted.Name' },
    ])
    const accounts = await service.store.byIds([first ?? 0, clash ?? 0])
    expect(accounts.map((account) => account?.username)).toEqual([
      'free.name',
      expect.stringMatching(/^Wanted\.Name-[0-9a-f]{8}$/),
    ])
  })

  test('with a name that is none are refused, with where they come from', async () => {
    await expect(service.auth.importMembers([{ source: 'bad:7', username: 'a b' }])).rejects.toThrow('bad:7')
  })
})
