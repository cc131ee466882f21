import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { inherited } from '../../e2e/env.ts'
import { isInstalled } from '../../e2e/installed.ts'

/** Runs a drill as `npm run drill` does; answers its exit code and its JSON line. */
async function drill(...args: string[]) {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/drill.js', ...args], {
    env: inherited,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await once(child, 'exit')) as [number | null]
  const [line, said] = await printed
  return { code, outcome: line ? JSON.parse(line) : {}, said }
}

const profiles = ['embedded', ...(['mariadbd', 'java', 'nginx'].every(isInstalled) ? ['engines'] : [])]

describe.each(profiles)('on the profile %s', (profile) => {
  test('processes are killed during 100 acknowledged reviews, and nothing is lost, doubled or out of order', async () => {
    const { code, outcome, said } = await drill('kill', '--profile', profile, '--count', '100', '--seed', '7')
    expect(outcome.failures, said).toEqual([])
    expect(outcome).toMatchObject({
      n: 100,
      lost: 0,
      extra: 0,
      effectsLost: 0,
      effectsDoubled: 0,
      outOfOrder: 0,
    })
    const kills: number[] = Object.values(outcome.kills)
    expect(Math.min(...kills)).toBeGreaterThan(0)
    expect(code).toBe(0)
  }, 900_000)

  test('each store and broker is taken away for five seconds; what goes on goes on, and all catches up', async () => {
    const { code, outcome, said } = await drill('outage', '--profile', profile, '--count', '5')
    expect(outcome.failures, said).toEqual([])
    expect(code).toBe(0)
  }, 900_000)

  test('a backup amid 60 reviews is put back: nothing is lost or doubled, and the erased are erased again', async () => {
    const { code, outcome, said } = await drill('restore', '--profile', profile, '--count', '60')
    expect(outcome.failures, said).toEqual([])
    expect(outcome).toMatchObject({ n: 60, lost: 0, extra: 0, miscounted: 0, unlike: 0, remembered: 0 })
    expect(code).toBe(0)
  }, 900_000)
})

/** Cases that a mutation is seen by. */
const sizes: Readonly<Record<string, string>> = { kill: '100', outage: '5', restore: '20' }

describe('a drill notices', () => {
  test.each([
    [
      'events that are acknowledged before their effect, when processes are killed',
      'kill',
      'acknowledge-before-effect',
    ],
    ['effects without an inbox, when processes are killed', 'kill', 'no-inbox'],
    [
      'events that are acknowledged before their effect, when the database goes',
      'outage',
      'acknowledge-before-effect',
    ],
    ['erasures that nobody knows of any more, when a backup is put back', 'restore', 'forget-erasures'],
    ['a review that was lost on the way, when a backup is put back', 'restore', 'lose-a-row'],
  ])(
    '%s',
    async (_, name, mutation) => {
      const size = sizes[name] ?? ''
      const { code, outcome, said } = await drill(
        name,
        '--count',
        size,
        '--seed',
        '7',
        '--mutation',
        mutation,
      )
      expect(outcome.failures, said).not.toEqual([])
      expect(code).toBe(1)
    },
    900_000,
  )
})

test('a drill that there isn’t is refused', async () => {
  expect(await drill('nap')).toMatchObject({ code: 2, outcome: {} })
  expect((await drill('kill', '--mutation', 'sloth')).code).toBe(2)
}, 60_000)
