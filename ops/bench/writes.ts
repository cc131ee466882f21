import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { processEnv } from '@movieverse/kit/env'
import { createContext, createLocalExecutor } from '@movieverse/kit/graphql/local'
import { silentLog } from '@movieverse/kit/log'
import { openReviewsEngine } from '@movieverse/reviews/engine'
import { createReviewsSubgraph } from '@movieverse/reviews/subgraph'
import { Pool } from 'undici'
import { z } from 'zod'
import { type Platform, startPlatform } from './platform.ts'
import { cpuSeconds, family, requireMeasurable } from './process.ts'
import { quantile, report, rounded, say } from './report.ts'

const CREATE = `mutation Create($movieId: ID!) {
  createReview(input: { movieId: $movieId, rating: 4.5, text: "Seen twice." }) { review { id } errors { code } }
}`

const FILMS = `query Films($after: String) {
  movies(orderBy: POPULARITY, first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id } } }
}`
const filmsPage = z.object({
  movies: z.object({
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    edges: z.array(z.object({ node: z.object({ id: z.string() }) })),
  }),
})
const REGISTER =
  'mutation Register($input: RegisterInput!) { register(input: $input) { session { accessToken } } }'
const registered = z.object({ register: z.object({ session: z.object({ accessToken: z.string() }) }) })
/** Fewer than an address may register in an hour. */
const members = 40

/** `npm run bench -- writes`: reviews written through the gateway of a standalone platform, each to the disk. */
export async function benchWrites(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '16' },
    },
  })
  const rounds = Number(values.rounds)
  const settings = { seconds: Number(values.seconds), connections: Number(values.connections) }
  requireMeasurable()
  const dataFolder = await mkdtemp(join(tmpdir(), 'movieverse-writes-'))
  try {
    say('starting the platform and loading the sample')
    const platform = await startPlatform({ dataFolder, environment: { RATE_PER_USER: '0' } })
    try {
      const reviews = await reviewsToWrite(platform.url)
      const pool = new Pool(new URL(platform.url).origin, { connections: settings.connections })
      // The first round is for the compilers.
      for (let round = 0; round <= rounds; round++) {
        const measurement = await measureWrites(platform, () => write(pool, reviews, settings))
        if (round > 0) report({ bench: 'writes', name: 'movieverse', round, ...settings, ...measurement })
      }
      await pool.close()
      const statements = await statementsOfWrite(dataFolder, reviews)
      for (const statement of statements) say(statement.replaceAll(/\s+/g, ' ').slice(0, 120))
      report({ bench: 'writes', name: 'movieverse', statementsPerWrite: statements.length })
    } finally {
      await platform.program.stop()
    }
  } finally {
    await rm(dataFolder, { recursive: true })
  }
}

async function measureWrites(platform: Platform, work: () => Promise<readonly number[]>) {
  const database = platform.databasePids()
  const node = family(platform.program.pid).filter((pid) => !database.includes(pid))
  const [start, nodeBefore, databaseBefore] = [performance.now(), cpuSeconds(node), cpuSeconds(database)]
  const latencies = await work()
  const perWrite = (seconds: number) => rounded((seconds * 1000) / latencies.length)
  return {
    rps: rounded(latencies.length / ((performance.now() - start) / 1000)),
    p50Ms: rounded(quantile(latencies, 0.5)),
    p99Ms: rounded(quantile(latencies, 0.99)),
    cpuMsPerRequest: perWrite(cpuSeconds(node) - nodeBefore),
    postgresMsPerRequest: perWrite(cpuSeconds(database) - databaseBefore),
  }
}

interface Review {
  readonly movieId: string
  readonly headers: Readonly<Record<string, string>>
}

/** Reviews that the platform does not have yet, by members that it gets for them. */
async function reviewsToWrite(url: string): Promise<Review[]> {
  const ask = async <T>(shape: z.ZodType<T>, query: string, variables: object): Promise<T> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    return z.object({ data: shape }).parse(await response.json()).data
  }
  const movieIds: string[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const { movies } = await ask(filmsPage, FILMS, { after })
    movieIds.push(...movies.edges.map(({ node }) => node.id))
    after = movies.pageInfo.hasNextPage ? movies.pageInfo.endCursor : null
  }
  const sessions: Review['headers'][] = []
  for (let member = 0; member < members; member++) {
    const username = `bench${member}`
    const input = { username, email: `${username}@movieverse.invalid`, password: 'never mind the weather' }
    const { register } = await ask(registered, REGISTER, { input })
    sessions.push({
      authorization: `Bearer ${register.session.accessToken}`,
      'content-type': 'application/json',
    })
  }
  // Neighbours have neither their film nor their author in common.
  return [0, 1, 2, 3].flatMap((turn) =>
    movieIds.map((movieId, at) => ({ movieId, headers: sessions[(at + turn) % members] ?? {} })),
  )
}

/**
 * Writes reviews as fast as they are acknowledged, so many at a time.
 * @returns the latency of each in ms
 * @throws Error when one is refused, or when there are no more to write
 */
async function write(
  pool: Pool,
  reviews: Review[],
  { seconds, connections }: { readonly seconds: number; readonly connections: number },
): Promise<number[]> {
  const latencies: number[] = []
  const end = performance.now() + seconds * 1000
  const writer = async () => {
    while (performance.now() < end) {
      const review = reviews.pop()
      if (!review) throw new Error('There are no more films to review: fewer --rounds or --seconds')
      const { movieId, headers } = review
      const start = performance.now()
      const body = JSON.stringify({ query: CREATE, variables: { movieId } })
      const { body: answer } = await pool.request({ path: '/graphql', method: 'POST', headers, body })
      const text = await answer.text()
      if (!text.includes('"errors":[]')) throw new Error(`A review was refused: ${text}`)
      latencies.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: connections }, writer))
  return latencies
}

/** What the reviews' store is sent for one review, the transaction's own statements among them. */
async function statementsOfWrite(dataDir: string, reviews: readonly Review[]): Promise<readonly string[]> {
  const databases = await openDatabases({
    services: ['reviews'],
    env: processEnv,
    dataDir,
    log: silentLog,
    join: true,
  })
  const statements: string[] = []
  const engine = openReviewsEngine(databases.url('reviews'), { onStatement: (sql) => statements.push(sql) })
  const asked = () => Promise.reject(new Error('The films are known by their events'))
  const subgraph = createReviewsSubgraph({ store: engine.store, entities: { read: asked } })
  try {
    const execute = createLocalExecutor(subgraph.schema, { log: silentLog })
    const viewer = { userId: 1_000_000, username: 'bench', roles: ['user' as const], sessionId: 'bench' }
    // The first review of an author makes the author's row as well.
    for (const { movieId } of reviews.slice(0, 2)) {
      statements.length = 0
      const variables = { movieId }
      const context = createContext({ requestId: 'bench', viewer })
      const { data } = await execute({ query: CREATE, variables }, context)
      if (!JSON.stringify(data).includes('"errors":[]')) throw new Error('A review was refused')
    }
    return [...statements]
  } finally {
    await subgraph.close()
    await databases.stop()
  }
}
