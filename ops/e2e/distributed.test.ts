import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createKafkaBus } from '@movieverse/kit/bus/kafka'
import { createRabbitJobs } from '@movieverse/kit/jobs/rabbitmq'
import { createLifecycle } from '@movieverse/kit/lifecycle'
import { silentLog } from '@movieverse/kit/log'
import { type SpanReceiver, startSpanReceiver } from '@movieverse/kit/testing/spans'
import { startTracing } from '@movieverse/kit/tracing'
import { Agent, fetch as fetchBy } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isInstalled } from './installed.ts'
import { type Answer, ask, register } from './platform.ts'
import { openStage, type Stage } from './stage.ts'

const CREATE = `mutation ($title: String!) { createMovie(input: { title: $title, releaseDate: "2020-01-01" }) { movie { id } errors { code } } }`
const REVIEW = `mutation ($movieId: ID!) { createReview(input: { movieId: $movieId, rating: 4 }) { review { id } errors { code } } }`
const FILM = `query ($id: ID!) { movie(id: $id) { title rating { count } reviews(first: 3) { edges { node { rating author { username } } } } } }`
const PARTS = `query ($id: ID!) { titled: movie(id: $id) { title } rated: movie(id: $id) { rating { count } } }`
const LOGIN = `mutation ($i: LoginInput!) { login(input: $i) { session { accessToken } errors { code } } }`

let receiver: SpanReceiver
let stage: Stage
let token: string
let member: string
let films: string[]

async function prepare(): Promise<void> {
  const username = 'curator'
  await register(stage.url, username)
  await stage.grant(username)
  const { data } = await ask(stage.url, LOGIN, { i: { username, password: 'correct horse battery staple' } })
  token = data.login.session.accessToken
  member = (await register(stage.url, 'grace.hopper')).token
  films = []
  for (let index = 0; index < 5; index++) {
    const made = await ask(stage.url, CREATE, { title: `Film ${index}` }, token)
    films.push(made.data.createMovie.movie.id)
  }
}

const film = (index = 0) => ask(stage.url, FILM, { id: films[index] })

const anew = new Agent({ pipelining: 0, allowH2: false })

/** By a connection of its own. */
async function askAnew(query: string, variables: object, signedIn?: string) {
  const response = await fetchBy(stage.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(signedIn ? { authorization: `Bearer ${signedIn}` } : {}),
    },
    body: JSON.stringify({ query, variables }),
    dispatcher: anew,
  })
  return { status: response.status, ...((await response.json()) as Pick<Answer, 'errors'>) }
}

/** Asks without a pause until it is told to stop; answers what came of it. */
function load(askOne: (turn: number) => Promise<Pick<Answer, 'status' | 'errors'>>, clients: number) {
  let busy = true
  let answered = 0
  const failures: unknown[] = []
  const clientsAtWork = Array.from({ length: clients }, async (_, client) => {
    for (let turn = client; busy; turn += clients) {
      try {
        const { status, errors } = await askOne(turn)
        if (status !== 200 || errors) failures.push({ status, errors })
      } catch (error) {
        failures.push(error)
      }
      answered += 1
    }
  })
  return {
    answered: () => answered,
    async stop() {
      busy = false
      await Promise.all(clientsAtWork)
      return { answered, failures }
    },
  }
}

describe.runIf(['nginx', 'mariadbd', 'java'].every(isInstalled))(
  'the platform as many processes, on real engines, behind nginx',
  () => {
    beforeAll(async () => {
      receiver = await startSpanReceiver()
      stage = await openStage({
        profile: 'engines',
        topology: 'distributed',
        settings: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, LOG_LEVEL: 'info' },
      })
      await prepare()
    }, 1_200_000)
    afterAll(async () => {
      await stage?.close()
      await receiver?.close()
    }, 120_000)

    test('one trace goes from the client over gateway, subgraph, outbox, bus and consumer to the job worker', async () => {
      const { KAFKA_BROKERS = '', RABBITMQ_URL = '' } = stage.ground.environment
      const lifecycle = createLifecycle(silentLog)
      await startTracing('e2e', lifecycle, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint })
      const jobs = await createRabbitJobs({ url: RABBITMQ_URL, log: silentLog })
      lifecycle.onStop('jobs', () => jobs.close())
      const bus = await createKafkaBus({ brokers: KAFKA_BROKERS.split(','), log: silentLog })
      lifecycle.onStop('bus', () => bus.close())
      const done: string[] = []
      const worker = await jobs.work({
        queue: 'e2e-traces',
        handle: async ({ data }) => void done.push(String(data.movieId)),
      })
      lifecycle.onStop('worker', () => worker.close())
      const subscription = await bus.subscribe({
        group: 'e2e-traces',
        topics: ['movieverse.reviews'],
        async handle({ data }) {
          await jobs.publish('e2e-traces', [{ data: { movieId: data.movie_id } }])
        },
      })
      lifecycle.onStop('consumer', () => subscription.close())

      const traceId = randomBytes(16).toString('hex')
      const send = (query: string) =>
        fetch(stage.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/graphql-response+json',
            authorization: `Bearer ${member}`,
            traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
            'x-request-id': `trace-${traceId}`,
          },
          body: JSON.stringify({ query, variables: { movieId: films[0] } }),
        })
      const answer = await send(REVIEW)
      expect(await answer.json()).toMatchObject({ data: { createReview: { review: {}, errors: [] } } })
      await expect.poll(() => done, { timeout: 60_000 }).toContain(films[0])
      // What is left to send goes when the SDK stops.
      expect(await lifecycle.stop()).toEqual([])

      const expected = [
        'gateway: POST /graphql',
        'gateway: subgraph.fetch',
        'reviews: Mutation.createReview',
        'reviews: relay movieverse.reviews',
        'reviews: publish movieverse.reviews',
        'movies: consume movieverse.reviews',
        'e2e: consume movieverse.reviews',
        'e2e: job e2e-traces',
      ]
      const spans = () => receiver.of(traceId).map(({ service, name }) => `${service}: ${name}`)
      await expect.poll(spans, { timeout: 60_000 }).toEqual(expect.arrayContaining(expected))
      expect(spans().some((span) => span.startsWith('reviews: reviews.store.'))).toBe(true)

      // Each but the client's own hangs below another of the same trace.
      const received = receiver.of(traceId)
      const ids = new Set(received.map(({ spanId }) => spanId))
      const roots = received.filter(({ parentSpanId }) => !parentSpanId || !ids.has(parentSpanId))
      expect(roots.map(({ service, name }) => `${service}: ${name}`)).toEqual(['gateway: POST /graphql'])

      // What is refused is logged, with its trace.
      expect((await send('{ nothing }')).status).toBe(400)

      const logs = await Promise.all(
        stage.topology.of('gateway').map(({ logFile }) => readFile(logFile, 'utf8')),
      )
      const line = logs
        .join('\n')
        .split('\n')
        .find((text) => text.includes(`trace-${traceId}`))
      expect(JSON.parse(line ?? '{}')).toMatchObject({ traceId, status: 400 })
    }, 480_000)

    test('a member’s review shows on the film, whichever process is asked', async () => {
      await ask(stage.url, REVIEW, { movieId: films[1] }, member)
      for (let time = 0; time < 8; time++) {
        const { data, errors } = await film(1)
        expect(errors).toBeUndefined()
        expect(data.movie).toMatchObject({
          title: 'Film 1',
          rating: { count: 1 },
          reviews: { edges: [{ node: { rating: 4, author: { username: 'grace.hopper' } } }] },
        })
      }
    }, 60_000)

    test('a process that is killed is started again, and no query notices', async () => {
      const [killed] = stage.topology.of('reviews')
      const restarts = killed?.restarts ?? 0
      const work = load((turn) => film(turn % films.length), 4)
      await expect.poll(work.answered, { timeout: 60_000 }).toBeGreaterThan(20)
      killed?.signal('SIGKILL')
      await expect.poll(() => killed?.restarts, { timeout: 60_000 }).toBe(restarts + 1)
      await killed?.ready()
      const before = work.answered()
      await expect.poll(work.answered, { timeout: 60_000 }).toBeGreaterThan(before + 20)
      expect((await work.stop()).failures).toEqual([])
    }, 480_000)

    test('while a subgraph is down the other fields answer, and it comes back without anybody’s help', async () => {
      const processes = stage.topology.of('reviews')
      await Promise.all(processes.map((process) => process.stop()))
      for (let time = 0; time < 12; time++) {
        const { status, data, errors } = await ask(stage.url, PARTS, { id: films[0] })
        expect([status, data]).toEqual([200, { titled: { title: 'Film 0' }, rated: null }])
        expect(errors).toMatchObject([{ path: ['rated'], extensions: { code: 'SERVICE_UNAVAILABLE' } }])
      }
      for (const process of processes) process.start()
      await Promise.all(processes.map((process) => process.ready()))
      await expect.poll(async () => (await film()).errors, { timeout: 30_000 }).toBeUndefined()
      expect((await film()).data.movie.rating.count).toBe(1)
    }, 480_000)

    test('every process is replaced, one by one, under load, and no request fails', async () => {
      const before = stage.topology.processes.map(({ pid }) => pid)
      const reviewers: string[] = []
      for (let index = 0; index < 4; index++)
        reviewers.push((await register(stage.url, `roller${index}`)).token)
      // Each request comes by a connection of its own: nginx takes its configuration up with new workers, and what a client
      // does with a kept connection of the old ones is the client's matter.
      const ME = '{ me { username } }'
      const MARK = `mutation { updateProfile(input: { bio: "still here" }) { user { id } errors { code } } }`
      const work = load((turn) => {
        const reviewer = reviewers[turn % reviewers.length]
        if (turn % 3 === 0) return askAnew(MARK, {}, reviewer)
        return turn % 3 === 1 ? askAnew(FILM, { id: films[turn % films.length] }) : askAnew(ME, {}, reviewer)
      }, 4)
      await expect.poll(work.answered, { timeout: 60_000 }).toBeGreaterThan(20)
      const rolled: string[] = []
      await stage.topology.roll((name) => rolled.push(name))
      const { answered, failures } = await work.stop()
      expect(failures).toEqual([])
      expect(answered).toBeGreaterThan(100)
      const staying = stage.topology.processes.filter(({ process }) => process.health)
      expect(rolled.sort()).toEqual(staying.map(({ process }) => process.name).sort())
      const after = stage.topology.processes.map(({ pid }) => pid)
      const same = stage.topology.processes.filter(
        (_, index) => after[index] === before[index] && after[index],
      )
      expect(same.map(({ process }) => process.name)).toEqual(['nginx'])
    }, 1_200_000)

    test('a gateway that is gone is not asked', async () => {
      const [gone] = stage.topology.of('gateway')
      await gone?.stop()
      for (let time = 0; time < 20; time++) expect((await film()).errors).toBeUndefined()
      gone?.start()
      await gone?.ready()
    }, 120_000)
  },
)
