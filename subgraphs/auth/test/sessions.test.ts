import { type KeyValueServer, keyValueServers } from '@movieverse/kit/testing/key-value-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthHarness, LOGOUT, openAuth } from './harness.ts'

const expired = [{ code: 'SESSION_EXPIRED', message: expect.any(String), field: null }]
const reused = [{ code: 'SESSION_REUSED', message: expect.any(String), field: null }]

describe.each(keyValueServers)('on $name', ({ start }) => {
  let keyValues: KeyValueServer
  let service: AuthHarness
  beforeAll(async () => {
    keyValues = await start()
    service = await openAuth({ keyValues })
  })
  afterAll(async () => {
    await service?.close()
    await keyValues?.close()
  })

  describe('a refresh token', () => {
    test('is rotated at each use, within one session', async () => {
      const { viewer, refreshToken } = await service.register('rotator')
      const tokens = new Set([refreshToken])
      let token = refreshToken
      for (let use = 0; use < 5; use += 1) {
        const { session, errors } = await service.refresh(token)
        expect(errors).toEqual([])
        expect(await service.viewerOf(session?.accessToken ?? '')).toEqual(viewer)
        token = session?.refreshToken ?? ''
        tokens.add(token)
      }
      expect(tokens.size).toBe(6)
    })

    test('gives one successor to 50 who use it at once', async () => {
      const { refreshToken } = await service.register('parallel')
      const answers = await Promise.all(Array.from({ length: 50 }, () => service.refresh(refreshToken)))
      expect(answers.flatMap(({ errors }) => errors)).toEqual([])
      expect(new Set(answers.map(({ session }) => session?.refreshToken)).size).toBe(1)
      const [successor] = answers
      expect((await service.refresh(successor?.session?.refreshToken ?? '')).errors).toEqual([])
    })

    test('gives the same successor within 10 s, even after that one was used', async () => {
      const { refreshToken } = await service.register('retrier')
      const first = await service.refresh(refreshToken)
      const second = await service.refresh(first.session?.refreshToken ?? '')
      service.advance(9_000)
      const again = await service.refresh(refreshToken)
      expect(again.session?.refreshToken).toBe(first.session?.refreshToken)
      expect((await service.refresh(second.session?.refreshToken ?? '')).errors).toEqual([])
    })

    test('ends the whole session when it is used again after 10 s, and tells of it once', async () => {
      const { viewer, refreshToken } = await service.register('victim')
      const other = await service.login('victim')
      const thief = await service.refresh(refreshToken)
      service.advance(10_001)
      const before = (await service.told()).length
      const answers = await Promise.all(Array.from({ length: 5 }, () => service.refresh(refreshToken)))
      const reuses = answers.filter(({ errors }) => errors[0]?.code === 'SESSION_REUSED')
      expect(reuses).toEqual([{ session: null, errors: reused }])
      expect((await service.refresh(thief.session?.refreshToken ?? '')).errors).toEqual(expired)
      expect(await service.isRevoked(viewer)).toBe(true)
      expect((await service.told()).slice(before)).toEqual([
        { type: 'session_reused', user_id: viewer.userId, version: 2 },
      ])
      // Another session of the same person is another family.
      expect(await service.isRevoked(other.viewer)).toBe(false)
      expect((await service.refresh(other.refreshToken)).errors).toEqual([])
    })

    test('is good for 7 days after its making, and no longer', async () => {
      const { refreshToken } = await service.register('holiday')
      const day = 24 * 60 * 60 * 1000
      service.advance(6 * day)
      const refreshed = await service.refresh(refreshToken)
      expect(refreshed.errors).toEqual([])
      service.advance(6 * day)
      const again = await service.refresh(refreshed.session?.refreshToken ?? '')
      expect(again.errors).toEqual([])
      service.advance(7 * day)
      expect((await service.refresh(again.session?.refreshToken ?? '')).errors).toEqual(expired)
    })

    test('that was made up ends nothing, not even with the id of a session in it', async () => {
      const { refreshToken } = await service.register('target')
      const bytes = Buffer.from(refreshToken, 'base64url')
      bytes[40] = (bytes[40] ?? 0) ^ 1
      for (const forged of [
        bytes.toString('base64url'),
        'x',
        '',
        `${refreshToken}A`,
        refreshToken.slice(0, -4),
      ])
        expect((await service.refresh(forged)).errors).toEqual(expired)
      expect((await service.refresh(refreshToken)).errors).toEqual([])
    })

    test('is nowhere in the store, and neither is its successor', async () => {
      const { viewer, refreshToken } = await service.register('secretive')
      const { session } = await service.refresh(refreshToken)
      const stored = await service.sessions.get(`session:${viewer.sessionId}`)
      expect(stored).toContain(`"userId":${viewer.userId}`)
      for (const token of [refreshToken, session?.refreshToken ?? '']) {
        const key = Buffer.from(token, 'base64url').subarray(20, 52).toString('base64url')
        expect(stored).not.toContain(token)
        expect(stored).not.toContain(key)
      }
    })
  })

  describe('signing out', () => {
    test('ends this session and its access tokens, or all of them', async () => {
      const [first, second, third] = [
        await service.register('leaver'),
        await service.login('leaver'),
        await service.login('leaver'),
      ]
      const logout = async (input: object, { viewer } = first) =>
        (await service.ask(LOGOUT, { input }, { viewer })).data.logout
      expect(await logout({})).toEqual({ sessionsEnded: 1, errors: [] })
      expect(await service.isRevoked(first.viewer)).toBe(true)
      expect(await service.isRevoked(second.viewer)).toBe(false)
      expect((await service.refresh(first.refreshToken)).errors).toEqual(expired)
      expect(await logout({ everywhere: true }, second)).toEqual({ sessionsEnded: 2, errors: [] })
      expect((await service.refresh(third.refreshToken)).errors).toEqual(expired)
      expect(await service.isRevoked(third.viewer)).toBe(true)
    })

    test('of a session that the store has lost ends nothing more', async () => {
      const { viewer } = await service.register('flushed')
      await service.sessions.deleteByTag(`user:${viewer.userId}`)
      expect(await service.isRevoked(viewer)).toBe(true)
      const { data } = await service.ask<{ logout: { sessionsEnded: number } }>(
        LOGOUT,
        { input: {} },
        { viewer },
      )
      expect(data.logout.sessionsEnded).toBe(0)
    })
  })

  test('emptying the session store signs everybody out and does nothing else', async () => {
    const member = await service.register('survivor')
    await service.sessions.deleteByTag(`user:${member.viewer.userId}`)
    expect((await service.refresh(member.refreshToken)).errors).toEqual(expired)
    expect((await service.login('survivor')).viewer.userId).toBe(member.viewer.userId)
  })

  test('an account lists its sessions, latest used first, with the browser of each', async () => {
    const first = await service.register('lister', { userAgent: 'Lynx' })
    service.advance(1000)
    const second = await service.login('lister', { userAgent: 'x'.repeat(5000) })
    service.advance(1000)
    await service.refresh(first.refreshToken)
    const { data } = await service.ask<{ account: { sessions: Record<string, string>[] } }>(
      '{ account { sessions { id current userAgent createdAt lastUsedAt } } }',
      {},
      { viewer: second.viewer },
    )
    expect(data.account.sessions).toMatchObject([
      { id: first.viewer.sessionId, current: false, userAgent: 'Lynx' },
      { id: second.viewer.sessionId, current: true, userAgent: 'x'.repeat(256) },
    ])
    const [used] = data.account.sessions
    expect(used?.lastUsedAt).not.toBe(used?.createdAt)
  })

  test('a sign-in in the making ends with the sessions that a new password ends', async () => {
    const { viewer } = await service.register('contested')
    const outcomes = await Promise.all([
      service.changePassword(viewer),
      ...Array.from({ length: 4 }, () => service.login('contested').catch(() => null)),
    ])
    const [changed, ...logins] = outcomes
    const alive = async (member: { refreshToken: string } | null) =>
      member !== null && (await service.refresh(member.refreshToken)).errors.length === 0
    expect(await alive(changed ?? null)).toBe(true)
    for (const member of logins) {
      // Those that came before the change are ended, those after it had the wrong password: none has a usable session.
      expect(await alive(member)).toBe(false)
      if (member) expect(await service.isRevoked(member.viewer)).toBe(true)
    }
  })
})
