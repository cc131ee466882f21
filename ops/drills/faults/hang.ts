import { setTimeout as delay } from 'node:timers/promises'
import { withClient } from '@movieverse/kit/postgres/client'
import type { Fault, Scene } from './fault.ts'

/** Milliseconds until the other has done what the hanging one had and what came since. */
const takeOverMs = 40_000

/** One of two consumers of a group stands still, in the middle of whatever it does. */
export function createHangingConsumer(scene: Scene): Fault {
  const { stage, acknowledged } = scene
  const [frozen, other] = ['witness-1', 'witness-2'].map((name) => {
    const [witness] = stage.topology.of(name)
    if (!witness) throw new Error(`there is no ${name}`)
    return witness
  })
  if (!frozen?.process.origin || !other?.process.origin) throw new Error('a witness has no address')
  return {
    name: 'hanging-consumer',
    goesOn: ['film', 'rating', 'genres', 'signIn', 'review'],
    signs: [
      { name: 'readyz: none', origins: [frozen.process.origin], by: { check: /./ } },
      {
        name: 'metric: lag',
        origins: [other.process.origin],
        by: { metric: /^movieverse_bus_lag_events\{group="drill-witness"\}/, fades: true },
      },
    ],
    async begin() {
      frozen.signal('SIGSTOP')
    },
    async during() {
      const waited = acknowledged.map(({ id }) => id)
      const missing = await untilSeen(stage.ground.notesUrl, waited)
      return missing === 0 ? [] : [`${missing} of ${waited.length} effects wait for the consumer that hangs`]
    },
    async end() {
      frozen.signal('SIGCONT')
    },
  }
}

/** @returns how many of the reviews had no effect in time */
async function untilSeen(notesUrl: string, reviews: readonly string[]): Promise<number> {
  return await withClient({ connectionString: notesUrl }, async (client) => {
    const deadline = performance.now() + takeOverMs
    for (;;) {
      const { rows } = await client.query<{ missing: number }>(
        `select count(*)::int as missing from unnest($1::text[]) as review
         where not exists (select from seen where seen.review = review.review)`,
        [reviews],
      )
      const missing = rows[0]?.missing ?? 0
      if (missing === 0 || performance.now() > deadline) return missing
      await delay(200)
    }
  })
}
