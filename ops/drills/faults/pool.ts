import { setTimeout as delay } from 'node:timers/promises'
import { connectClient } from '@movieverse/kit/postgres/client'
import type pg from 'pg'
import { tryAsk } from '../questions.ts'
import { type Fault, originsOf, type Scene } from './fault.ts'

const page = `query ($id: ID!) { movie(id: $id) { reviews(first: 5) { edges { node { id } } } } }`

/** An outside session locks the table of reviews, so that whoever reads or writes them keeps a connection and waits. */
export function createExhaustedPool(scene: Scene): Fault {
  const { stage, film, onTry } = scene
  const connectionString = stage.ground.environment.DATABASE_URL_REVIEWS
  let client: pg.Client | undefined
  const stopping = new AbortController()
  const asking: Promise<void>[] = []
  const variables = { id: film }
  const ask = async () => onTry(await tryAsk(stage.url, { kind: 'page', query: page, variables }))
  // More readers than connections.
  const readers = 24
  async function read(): Promise<void> {
    while (!stopping.signal.aborted) await Promise.all([ask(), delay(500)])
  }
  return {
    name: 'exhausted-pool',
    // A request that waits is told so after ten.
    leastSeconds: 15,
    goesOn: ['film', 'genres', 'signIn'],
    signs: [
      {
        name: 'readyz: database',
        origins: originsOf(scene, 'reviews'),
        by: { check: /^(reviews\.)?(database|outbox)$/ },
      },
      {
        name: 'metric: failed fetches',
        origins: originsOf(scene, 'gateway'),
        by: {
          metric: /^movieverse_gateway_fetch_seconds_count\{(?=.*subgraph="reviews")(?!.*outcome="ok")/,
        },
      },
    ],
    async begin() {
      client = await connectClient({ connectionString })
      await client.query('begin; lock table reviews in access exclusive mode')
      for (let reader = 0; reader < readers; reader++) asking.push(read())
    },
    async end() {
      stopping.abort()
      await client?.query('rollback')
      await client?.end()
      await Promise.all(asking)
    },
  }
}
