import { describe, expect, test } from 'vitest'
import { fuzzDrill } from '../fuzz.ts'

const options = { profile: 'embedded', seed: 20_261_123, say: () => undefined } as const

describe('fuzz', () => {
  test('of a thousand random requests none kills the gateway, breaks its form or its limits, or meets a bug', {
    timeout: 600_000,
  }, async () => {
    const { n, counted, failures } = await fuzzDrill.run({ ...options, count: 1000, mutation: undefined })
    expect(failures).toEqual([])
    expect(n).toBe(1000)
    expect(Object.keys(counted.kinds ?? {}).sort()).toEqual([
      'broken',
      'headers',
      'hostile',
      'operation',
      'transport',
    ])
  })

  test('finds a resolver that throws', { timeout: 300_000 }, async () => {
    const { failures } = await fuzzDrill.run({ ...options, count: 200, mutation: 'throwing-resolver' })
    expect(failures.join('\n')).toContain('INTERNAL_SERVER_ERROR')
  })
})
