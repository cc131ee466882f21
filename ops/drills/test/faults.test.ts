import { describe, expect, test } from 'vitest'
import { isInstalled } from '../../e2e/installed.ts'
import { createFaultsDrill, faultsDrill } from '../faults.ts'

const options = { count: 6, seed: 7, mutation: undefined, say: () => undefined } as const
const whole = { lost: 0, extra: 0, miscounted: 0, effectsLost: 0, effectsDoubled: 0, outOfOrder: 0 }

describe('what goes wrong while a platform runs stays in its bounds, is to be seen, and passes', () => {
  test('a full disk, an exhausted pool, a consumer that hangs and wrong clocks, on the built-in PostgreSQL', {
    timeout: 900_000,
  }, async () => {
    const { counted, failures } = await faultsDrill.run({ ...options, profile: 'embedded' })
    expect(failures).toEqual([])
    expect(counted).toMatchObject(whole)
    expect(counted).toMatchObject({
      'full-disk': { signs: expect.arrayContaining(['readyz: room']) },
      'exhausted-pool': { signs: expect.arrayContaining(['readyz: database']) },
    })
  })

  test.runIf(['mariadbd', 'java', 'nginx'].every(isInstalled))(
    'a consumer that hangs and a service whose clock is wrong, on real engines',
    { timeout: 900_000 },
    async () => {
      const drill = createFaultsDrill(['hanging-consumer', 'clock-fast'])
      const { counted, failures } = await drill.run({ ...options, profile: 'engines' })
      expect(failures).toEqual([])
      expect(counted).toMatchObject(whole)
    },
  )
})

describe('the drill notices', () => {
  const mutated = (mutation: string) => ({ ...options, profile: 'embedded', mutation }) as const

  test('effects without an inbox, when a consumer hangs', { timeout: 900_000 }, async () => {
    const { failures } = await createFaultsDrill(['hanging-consumer']).run(mutated('no-inbox'))
    expect(failures.join('\n')).toContain('effectsDoubled')
  })

  test('faults that stay', { timeout: 900_000 }, async () => {
    const { failures } = await createFaultsDrill(['full-disk', 'exhausted-pool']).run(mutated('linger'))
    expect(failures).toEqual([
      expect.stringMatching(/^full-disk: .*until all was well again/),
      expect.stringMatching(/^exhausted-pool: .*until all was well again/),
    ])
  })
})
