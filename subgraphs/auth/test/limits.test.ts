import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthHarness, CHANGE_PASSWORD, DELETE, LOGIN, openAuth, password, REGISTER } from './harness.ts'

let service: AuthHarness
beforeAll(async () => {
  service = await openAuth({ env: { AUTH_FAILURES_PER_ADDRESS: '15', AUTH_REGISTRATIONS_PER_ADDRESS: '4' } })
})
afterAll(() => service?.close())

/** The code of the answer's error, be it the request's or the payload's; none for a success. */
async function codeOf(query: string, input: object, who: { clientAddress?: string } = {}) {
  const { data, errors } = await service.ask<Record<string, { errors: { code: string }[] }> | null>(
    query,
    { input },
    who,
  )
  return errors?.[0]?.extensions.code ?? Object.values(data ?? {})[0]?.errors[0]?.code
}
const times = <T>(count: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)))
const wrong = 'wrong password'

describe('wrong passwords for one account', () => {
  test('are ten a minute at most, however many are tried at once and whatever name is given', async () => {
    await service.register('guessed')
    const guesses = await times(14, (i) =>
      codeOf(
        LOGIN,
        i % 2 ? { username: 'guessed', password: wrong } : { email: 'guessed@example.com', password: wrong },
      ),
    )
    expect(guesses.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(10)
    expect(guesses.filter((code) => code === 'RATE_LIMITED')).toHaveLength(4)
    expect(await codeOf(LOGIN, { username: 'guessed', password })).toBe('RATE_LIMITED')
  })

  test('say when to come back', async () => {
    const { errors } = await service.ask(LOGIN, { input: { username: 'guessed', password } })
    const retryAfterSeconds = errors?.[0]?.extensions.retryAfterSeconds
    expect(retryAfterSeconds).toBeGreaterThan(0)
    expect(retryAfterSeconds).toBeLessThanOrEqual(60)
  })

  test('are limited for unknown names just the same', async () => {
    const guesses = await times(11, () => codeOf(LOGIN, { username: 'unknown.name', password: wrong }))
    expect(guesses.filter((code) => code === 'RATE_LIMITED')).toHaveLength(1)
  })

  test('count when a signed-in person is asked again', async () => {
    const { viewer } = await service.register('asked')
    const ask = (query: string, input: object) =>
      service.ask(query, { input }, { viewer }).then(({ errors }) => errors?.[0]?.extensions.code)
    const codes = [
      ...(await times(5, () => ask(DELETE, { password: wrong }))),
      ...(await times(6, () => ask(CHANGE_PASSWORD, { currentPassword: wrong, newPassword: password }))),
    ]
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(1)
  })

  test('are forgotten with a right one: only failures count', async () => {
    await service.register('frequent')
    const codes = await times(25, () => codeOf(LOGIN, { username: 'frequent', password }))
    expect(codes).toEqual(codes.map(() => undefined))
  })
})

test('wrong passwords from one address are limited over all accounts, and others are not', async () => {
  const guess = (i: number, clientAddress: string) =>
    codeOf(LOGIN, { username: `someone${i}`, password: wrong }, { clientAddress })
  const codes = await times(17, (i) => guess(i, '192.0.2.1'))
  expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2)
  expect(await guess(100, '192.0.2.2')).toBe('INVALID_CREDENTIALS')
})

test('registrations from one address are limited, wrong input is not counted', async () => {
  const register = (name: string, clientAddress: string) =>
    codeOf(REGISTER, { username: name, email: `${name}@example.com`, password }, { clientAddress })
  await times(10, () => register('?', '192.0.2.3'))
  const codes = await times(6, (i) => register(`newcomer${i}`, '192.0.2.3'))
  expect(codes.filter((code) => code === undefined)).toHaveLength(4)
  expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2)
  expect(await register('elsewhere', '192.0.2.4')).toBeUndefined()
})

test('an IPv6 network counts as one address, an IPv4 address as itself however it is written', async () => {
  const guess = (i: number, clientAddress: string) =>
    codeOf(LOGIN, { username: `stranger${i}`, password: wrong }, { clientAddress })
  const limited = (codes: (string | undefined)[]) => codes.filter((code) => code === 'RATE_LIMITED').length
  expect(limited(await times(17, (i) => guess(i, `2001:db8:0:7::${i + 1}`)))).toBe(2)
  expect(await guess(100, '2001:db8:0:8::1')).toBe('INVALID_CREDENTIALS')
  const mixed = await times(17, (i) => guess(i, i % 2 ? '198.51.100.1' : '::ffff:198.51.100.1'))
  expect(limited(mixed)).toBe(2)
  expect(await guess(100, '198.51.100.2')).toBe('INVALID_CREDENTIALS')
})

test('counters hold neither names nor addresses', async () => {
  await codeOf(LOGIN, { username: 'private.name', password: wrong }, { clientAddress: '192.0.2.77' })
  expect(service.counters.length).toBeGreaterThan(0)
  expect(service.counters.filter((key) => /private|192\.0\.2/.test(key))).toEqual([])
})
