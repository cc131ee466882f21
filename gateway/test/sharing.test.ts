import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import { silentLog } from '@movieverse/kit/log'
import { metrics } from '@movieverse/kit/metrics'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type RunningGateway, startGateway } from './running.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

/** The subgraph answers when it is opened. */
let gate = Promise.withResolvers<void>()
let runs = 0
let subgraphs: Subgraphs
let running: RunningGateway
let signIn: SignIn
const opened: (() => Promise<void>)[] = []

async function run(_: unknown, { n }: { readonly n?: number }): Promise<number> {
  runs += 1
  await gate.promise
  return n ?? 0
}

beforeAll(async () => {
  const database = await createTestDatabase('kit')
  const sessions = await createPostgresKeyValue({ url: database.url, durable: true, log: silentLog })
  opened.push(database.close, sessions.close)
  signIn = await createSignIn(sessions)
  subgraphs = await startSubgraphs({
    counter: {
      sdl: 'type Query { run(n: Int): Int mine(n: Int): Int @authenticated } type Mutation { run(n: Int): Int }',
      resolvers: { Query: { run, mine: run }, Mutation: { run } },
    },
  })
  opened.push(subgraphs.close)
  running = await startGateway(subgraphs.supergraph, {
    deduplicate: true,
    authentication: signIn.authentication,
  })
  opened.push(running.close)
})
afterAll(async () => {
  for (const close of opened.toReversed()) await close()
})
beforeEach(() => {
  gate = Promise.withResolvers()
  runs = 0
})

async function untilRuns(count: number): Promise<void> {
  while (runs < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function untilInFlight(count: number): Promise<void> {
  const inFlight = metrics.getSingleMetric('movieverse_gateway_requests_in_flight')
  while (((await inFlight?.get())?.values[0]?.value ?? 0) < count)
    await new Promise((resolve) => setTimeout(resolve, 5))
  // Those have been read when one that comes after them is answered.
  await running.ask('{ __typename }')
}

/** Opens the subgraph when so many requests have reached it, and so many wait at the gateway. */
async function openAt({ reached, waiting }: { reached: number; waiting: number }): Promise<void> {
  await untilRuns(reached)
  await untilInFlight(waiting)
  gate.resolve()
}

const query = 'query Shared($n: Int) { run(n: $n) }'

it('equal queries under way at one time are run once, and each is answered', async () => {
  const answers = Array.from({ length: 20 }, () => running.ask(query, { n: 7 }))
  await openAt({ reached: 1, waiting: 20 })
  expect(await Promise.all(answers)).toEqual(Array(20).fill({ data: { run: 7 } }))
  expect(runs).toBe(1)
  expect(await running.ask(query, { n: 7 })).toEqual({ data: { run: 7 } })
  expect(runs).toBe(2)
})

it('a batch gets shared answers among its others', async () => {
  const single = running.ask(query, { n: 1 })
  const batch = running.post([
    { query, variables: { n: 1 } },
    { query, variables: { n: 2 } },
  ])
  await openAt({ reached: 2, waiting: 2 })
  expect(await (await batch).json()).toEqual([{ data: { run: 1 } }, { data: { run: 2 } }])
  expect(await single).toEqual({ data: { run: 1 } })
  expect(runs).toBe(2)
})

it('queries with other variables or of other texts are run by themselves', async () => {
  const answers = [
    running.ask(query, { n: 1 }),
    running.ask(query, { n: 2 }),
    running.ask('{ run(n: 1) }'),
    running.ask('{ one: run(n: 1) }'),
  ]
  await openAt({ reached: 4, waiting: 4 })
  expect(await Promise.all(answers)).toEqual([
    { data: { run: 1 } },
    { data: { run: 2 } },
    { data: { run: 1 } },
    { data: { one: 1 } },
  ])
})

it('nobody is answered what was run for another viewer', async () => {
  const own = '{ mine(n: 3) run(n: 4) }'
  const [ada, bob] = [await signIn.as(1), await signIn.as(2)]
  const answers = [
    running.ask(own, {}, ada),
    running.ask(own, {}, bob),
    running.ask(own, {}, ada),
    running.ask(own),
  ]
  await openAt({ reached: 5, waiting: 4 })
  const [first, second, third, nobody] = await Promise.all(answers)
  expect([first, second, third]).toEqual(Array(3).fill({ data: { mine: 3, run: 4 } }))
  expect(nobody?.data).toEqual({ mine: null, run: 4 })
  // Both fields for Ada, who asked twice, and for Bob; one for the one who is signed out.
  expect(runs).toBe(5)
})

it('mutations are run each by itself', async () => {
  const mutation = 'mutation { run(n: 5) }'
  const answers = [running.ask(mutation), running.ask(mutation)]
  await openAt({ reached: 2, waiting: 2 })
  expect(await Promise.all(answers)).toEqual(Array(2).fill({ data: { run: 5 } }))
})

it('who leaves takes the answer from nobody', async () => {
  const leaving = new AbortController()
  const gone = fetch(running.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { n: 9 } }),
    signal: leaving.signal,
  })
  await untilRuns(1)
  const staying = running.ask(query, { n: 9 })
  await untilInFlight(2)
  leaving.abort()
  await expect(gone).rejects.toThrow()
  gate.resolve()
  expect(await staying).toEqual({ data: { run: 9 } })
  expect(runs).toBe(1)
  expect(subgraphs.abandoned).toEqual([])
})
