import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuthHarness,
  CHANGE_PASSWORD,
  DELETE,
  LOGIN,
  openAuth,
  password,
  REGISTER,
  type SessionAnswer,
} from './harness.ts'

let service: AuthHarness
beforeAll(async () => {
  service = await openAuth({ env: { AUTH_FAILURES_PER_ACCOUNT: '1000', AUTH_FAILURES_PER_ADDRESS: '1000' } })
})
afterAll(() => service?.close())

const register = async (input: object): Promise<SessionAnswer> =>
  (await service.ask<{ register: SessionAnswer }>(REGISTER, { input })).data.register
const login = async (input: object): Promise<SessionAnswer> =>
  (await service.ask<{ login: SessionAnswer }>(LOGIN, { input })).data.login
const codes = ({ errors }: SessionAnswer) =>
  errors.map(({ code, field }) => [code, ...(field ?? [])].join(' '))

describe('registering', () => {
  test('opens a session whose access token the published keys prove, for 15 minutes', async () => {
    const before = service.now().getTime()
    const { session, errors } = await register({ email: 'Ada@Example.com', username: 'Ada.L', password })
    expect(errors).toEqual([])
    const viewer = await service.viewerOf(session?.accessToken ?? '')
    expect(viewer).toMatchObject({ userId: Number(session?.account.id), username: 'Ada.L', roles: ['user'] })
    const life = new Date(session?.accessTokenExpiresAt ?? 0).getTime() - before
    expect(Math.round(life / 60_000)).toBe(15)
    const account = await service.ask(
      '{ account { id email username roles createdAt user { id } sessions { id current userAgent } } }',
      {},
      { viewer },
    )
    expect(account.data.account).toEqual({
      id: session?.account.id,
      email: 'Ada@Example.com',
      username: 'Ada.L',
      roles: ['USER'],
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      user: { id: session?.account.id },
      sessions: [{ id: viewer.sessionId, current: true, userAgent: null }],
    })
  })

  test('is told to everyone else, without the e-mail address', async () => {
    const before = (await service.told()).length
    const { session } = await register({ email: 'teller@example.com', username: 'teller', password })
    const told = (await service.told()).slice(before)
    expect(told).toEqual([
      { type: 'user_registered', user_id: Number(session?.account.id), username: 'teller', version: 1 },
    ])
  })

  test('takes each name once, whatever its case, width or composition', async () => {
    await register({ email: 'zoe@bücher.example', username: 'Zoë', password })
    const again = (email: string, username: string) => register({ email, username, password })
    expect(codes(await again('zoe@bücher.example', 'zoe1'))).toEqual(['EMAIL_TAKEN email'])
    expect(codes(await again('ZOE@XN--BCHER-KVA.example', 'zoe2'))).toEqual(['EMAIL_TAKEN email'])
    expect(codes(await again('other@example.com', 'ZOË'))).toEqual(['USERNAME_TAKEN username'])
    expect(codes(await again('other@example.com', 'Ｚｏe\u0308'))).toEqual(['USERNAME_TAKEN username'])
    const both = await again('Zoe@Bücher.example', 'zoë')
    expect(codes(both)).toEqual(['EMAIL_TAKEN email', 'USERNAME_TAKEN username'])
    expect(both.session).toBeNull()
  })

  test('of many who register one name at once, one gets it and the others hear why', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        register({ email: `race${i}@example.com`, username: 'racer', password }),
      ),
    )
    expect(answers.filter(({ session }) => session)).toHaveLength(1)
    expect(answers.filter(({ session }) => !session).map(codes)).toEqual(
      Array.from({ length: 5 }, () => ['USERNAME_TAKEN username']),
    )
  })

  test.each([
    ['ab', 'too short'],
    ['a'.repeat(31), 'too long'],
    ['with space', 'a space'],
    ['.dot', 'begins with a dot'],
    ['semi;colon', 'a semicolon'],
    ['nul\0', 'a control character'],
    ['at@sign', 'an at sign'],
  ])('refuses the user name %j: %s', async (username) => {
    expect(codes(await register({ email: 'valid@example.com', username, password }))).toEqual([
      'INVALID_VALUE username',
    ])
  })

  test.each([
    'x',
    '@example.com',
    'a@b',
    'a b@example.com',
    'a@ex ample.com',
    'a..b@example.com',
    `${'a'.repeat(65)}@x.org`,
  ])('refuses the e-mail address %j', async (email) => {
    expect(codes(await register({ email, username: 'valid.name', password }))).toEqual([
      'INVALID_VALUE email',
    ])
  })

  test.each([
    ['123456789', 'nine characters'],
    ['x'.repeat(257), '257 characters'],
    ['Qwertyuiop123', 'a common one'],
    ['aaaaaaaaaaaa', 'one character all along'],
    ['Obvious.Name', 'the user name'],
    ['obvious@example.com', 'the e-mail address'],
  ])('refuses the password %s: %s', async (weak) => {
    const input = { email: 'obvious@example.com', username: 'obvious.name', password: weak }
    expect(codes(await register(input))).toEqual(['WEAK_PASSWORD password'])
  })

  test('tells all faults at once', async () => {
    expect(codes(await register({ email: 'x', username: '?', password: 'short' }))).toEqual([
      'INVALID_VALUE email',
      'INVALID_VALUE username',
      'WEAK_PASSWORD password',
    ])
  })

  test('takes passwords of any characters, up to 256', async () => {
    const unusual = `${'\u0000é💡 '.repeat(64)}`
    expect([...unusual.normalize('NFKC')]).toHaveLength(256)
    expect(
      (await register({ email: 'any@example.com', username: 'any.one', password: unusual })).errors,
    ).toEqual([])
    expect((await login({ username: 'any.one', password: unusual })).session).not.toBeNull()
  })
})

describe('signing in', () => {
  beforeAll(() => service.register('grace'))

  test.each([{ username: 'GRACE' }, { email: 'Grace@EXAMPLE.com' }, { username: 'ｇｒａｃｅ' }])(
    'works with %j',
    async (name) => {
      expect((await login({ ...name, password })).session?.account.username).toBe('grace')
    },
  )

  test('does not say which part was wrong', async () => {
    const wrong = await login({ username: 'grace', password: 'wrong password' })
    const unknown = await login({ username: 'nobody.known', password })
    const malformed = await login({ email: 'not an address', password })
    expect(codes(wrong)).toEqual(['INVALID_CREDENTIALS'])
    expect([unknown, malformed]).toEqual([wrong, wrong])
  })

  test.each([{}, { email: 'grace@example.com', username: 'grace' }])(
    'refuses %j as a name',
    async (names) => {
      const { errors } = await service.ask(LOGIN, { input: { ...names, password } })
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
    },
  )

  test('does as much work for unknown names as for known ones', async () => {
    const work = { known: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY }
    for (let round = 0; round < 8; round += 1) {
      for (const [kind, username] of [['known', 'grace'] as const, ['unknown', 'nobody.known'] as const]) {
        const before = process.cpuUsage()
        await login({ username, password: 'wrong password' })
        const { user, system } = process.cpuUsage(before)
        work[kind] = Math.min(work[kind], user + system)
      }
    }
    // The least of several is free of others' noise. The hash is most of it: without one the two would be far apart.
    expect(work.unknown / work.known).toBeGreaterThan(0.4)
    expect(work.known / work.unknown).toBeGreaterThan(0.4)
  })
})

describe('changing the password', () => {
  test('ends every other session and opens a new one', async () => {
    const first = await service.register('changer')
    const second = await service.login('changer')
    const input = { currentPassword: password, newPassword: 'another horse, another battery' }
    const { data } = await service.ask<{ changePassword: SessionAnswer }>(
      CHANGE_PASSWORD,
      { input },
      { viewer: first.viewer },
    )
    const { session, errors } = data.changePassword
    expect(errors).toEqual([])
    for (const old of [first, second]) {
      expect((await service.refresh(old.refreshToken)).errors).toMatchObject([{ code: 'SESSION_EXPIRED' }])
      expect(await service.isRevoked(old.viewer)).toBe(true)
    }
    expect((await service.refresh(session?.refreshToken ?? '')).errors).toEqual([])
    expect(codes(await login({ username: 'changer', password }))).toEqual(['INVALID_CREDENTIALS'])
    expect((await login({ username: 'changer', password: input.newPassword })).session).not.toBeNull()
  })

  test('needs the present password and a good new one, and otherwise changes nothing', async () => {
    const member = await service.register('keeper')
    const change = async (currentPassword: string, newPassword: string) => {
      const { data } = await service.ask<{ changePassword: SessionAnswer }>(
        CHANGE_PASSWORD,
        { input: { currentPassword, newPassword } },
        { viewer: member.viewer },
      )
      return codes(data.changePassword)
    }
    expect(await change('wrong password', 'another horse, another battery')).toEqual([
      'INVALID_CREDENTIALS currentPassword',
    ])
    expect(await change(password, 'short')).toEqual(['WEAK_PASSWORD newPassword'])
    expect(await change(password, 'KEEPER@example.com')).toEqual(['WEAK_PASSWORD newPassword'])
    expect((await service.refresh(member.refreshToken)).errors).toEqual([])
  })
})

describe('deleting the account', () => {
  test('erases it, ends its sessions, tells everyone, and frees its names but not its id', async () => {
    const member = await service.register('leaver')
    const other = await service.login('leaver')
    const { userId } = member.viewer
    const before = (await service.told()).length
    const { data } = await service.ask(DELETE, { input: { password } }, { viewer: member.viewer })
    expect(data.deleteAccount).toEqual({ deletedAccountId: String(userId), errors: [] })
    expect((await service.told()).slice(before)).toEqual([
      { type: 'user_erased', user_id: userId, version: 2 },
    ])
    for (const { viewer, refreshToken } of [member, other]) {
      expect(await service.isRevoked(viewer)).toBe(true)
      expect((await service.refresh(refreshToken)).errors).toMatchObject([{ code: 'SESSION_EXPIRED' }])
    }
    expect(codes(await login({ username: 'leaver', password }))).toEqual(['INVALID_CREDENTIALS'])
    const again = await service.register('leaver')
    expect(again.viewer.userId).toBeGreaterThan(userId)
  })

  test('needs the password', async () => {
    const { viewer } = await service.register('stayer')
    const { data } = await service.ask(DELETE, { input: { password: 'wrong password' } }, { viewer })
    expect(data.deleteAccount).toEqual({
      deletedAccountId: null,
      errors: [{ code: 'INVALID_CREDENTIALS', field: ['password'] }],
    })
    expect((await login({ username: 'stayer', password })).session).not.toBeNull()
  })
})
