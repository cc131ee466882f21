import { describe, expect, test } from 'vitest'
import { soakDrill } from '../soak.ts'

const options = { profile: 'embedded', seed: 7, say: () => undefined } as const

describe('soak', () => {
  test('thirty supergraphs one after the other under load: no error', { timeout: 600_000 }, async () => {
    const { n, counted, failures } = await soakDrill.run({ ...options, count: 60, mutation: undefined })
    expect(n).toBeGreaterThan(60)
    expect(counted).toMatchObject({ errors: 0 })
    // What memory grows to shows after minutes alone: in a minute the platform is still warming up.
    expect(failures.filter((failure) => !failure.startsWith('memory'))).toEqual([])
  })

  test('notices a leak', { timeout: 600_000 }, async () => {
    const { failures } = await soakDrill.run({ ...options, count: 90, mutation: 'leak' })
    expect(failures.join()).toContain('memory grew')
  })
})
