import { type KeyValueServer, keyValueServers } from '@movieverse/kit/testing/key-value-server'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AuthHarness, LOGIN, openAuth, password, REFRESH, REGISTER } from './harness.ts'

/** What an answer may take while the store is down: its limits of 1.5 s, and generously what a busy machine adds. */
const boundMs = 6_000

describe.each(keyValueServers)('when $name, which carries the sessions,', ({ start }) => {
  let keyValues: KeyValueServer
  let service: AuthHarness
  beforeAll(async () => {
    keyValues = await start()
    service = await openAuth({ keyValues, env: { AUTH_FAILURES_PER_ACCOUNT: '3' } })
  })
  afterAll(async () => {
    await service?.close()
    await keyValues?.close()
  })

  /** The code of the answer's error, be it the request's or the payload's; none for a success. */
  async function codeOf(query: string, input: object): Promise<string | undefined> {
    const begun = performance.now()
    const { data, errors } = await service.ask<Record<string, { errors: { code: string }[] }> | null>(query, {
      input,
    })
    expect(performance.now() - begun).toBeLessThan(boundMs)
    const code = errors?.[0]?.extensions.code ?? Object.values(data ?? {})[0]?.errors[0]?.code
    return code === undefined ? undefined : String(code)
  }
  const recovered = () => vi.waitFor(() => service.sessions.ping(), { timeout: 10_000, interval: 100 })

  test('is stopped, nobody signs in, registers or refreshes, and is told so; then all go on', async () => {
    const member = await service.register('regular')
    await keyValues.stop()
    const newcomer = { username: 'newcomer', email: 'newcomer@example.com', password }
    expect(await codeOf(LOGIN, { username: 'regular', password })).toBe('SERVICE_UNAVAILABLE')
    expect(await codeOf(REFRESH, { refreshToken: member.refreshToken })).toBe('SERVICE_UNAVAILABLE')
    expect(await codeOf(REGISTER, newcomer)).toBe('SERVICE_UNAVAILABLE')
    // What needs no session is answered.
    const account = await service.ask<{ account: { username: string } }>(
      '{ account { username } }',
      {},
      { viewer: member.viewer },
    )
    expect(account.data.account.username).toBe('regular')
    await keyValues.start()
    await recovered()
    const refreshed = await service.refresh(member.refreshToken)
    expect(refreshed.errors).toEqual([])
    expect(await service.isRevoked(member.viewer)).toBe(false)
    // Who was told that it failed has not got an account by it.
    expect(await codeOf(REGISTER, newcomer)).toBeUndefined()
  })

  test('is stopped, wrong passwords are limited all the same', async () => {
    await service.register('guessed')
    await keyValues.stop()
    const codes: unknown[] = []
    for (let guess = 0; guess < 5; guess += 1)
      codes.push(await codeOf(LOGIN, { username: 'guessed', password: 'wrong password' }))
    expect(codes).toEqual([
      ...Array.from({ length: 3 }, () => 'INVALID_CREDENTIALS'),
      ...Array.from({ length: 2 }, () => 'RATE_LIMITED'),
    ])
    await keyValues.start()
    await recovered()
  })

  test('is emptied, all sessions have ended, without a word of theft, and people sign in again', async () => {
    const member = await service.register('flushed')
    const { session } = await service.refresh(member.refreshToken)
    const told = await service.told()
    await keyValues.flush()
    for (const refreshToken of [member.refreshToken, session?.refreshToken ?? ''])
      expect(await codeOf(REFRESH, { refreshToken })).toBe('SESSION_EXPIRED')
    expect(await service.isRevoked(member.viewer)).toBe(true)
    const again = await service.login('flushed')
    expect(again.viewer.userId).toBe(member.viewer.userId)
    expect((await service.refresh(again.refreshToken)).errors).toEqual([])
    expect(await service.told()).toEqual(told)
  })
})
