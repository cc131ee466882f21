import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Stage } from '../e2e/stage.ts'
import { brokenPromises, takeAccount } from './account.ts'
import type { Drill, DrillOptions, DrillOutcome } from './drill.ts'
import { type Asked, tryAsk } from './questions.ts'
import { type AcknowledgedReview, createReviewers, type Reviewers } from './reviewers.ts'
import { openWatchedStage } from './watched-stage.ts'

/** Reads by anybody, each of one service's own store. */
const reads = {
  film: `query ($id: ID!) { movie(id: $id) { title } }`,
  rating: `query ($id: ID!) { movie(id: $id) { rating { count } } }`,
  genres: `{ genres { id } }`,
} as const
type Kind = keyof typeof reads | 'signIn' | 'review'

/** What goes on while an engine is down. All else gets a coded error, and in time. */
const goesOn: Readonly<Record<string, Readonly<Record<DrillOptions['profile'], readonly Kind[]>>>> = {
  postgres: { embedded: [], engines: ['film', 'genres'] },
  mariadb: { embedded: [], engines: ['rating', 'genres', 'signIn', 'review'] },
  mongo: { embedded: [], engines: ['film', 'rating', 'signIn', 'review'] },
  redis: { embedded: [], engines: ['film', 'rating', 'genres'] },
  kafka: { embedded: [], engines: ['film', 'rating', 'genres', 'signIn', 'review'] },
  rabbitmq: { embedded: [], engines: ['film', 'rating', 'genres', 'signIn', 'review'] },
}
/** What a client may be told while something is down; UNAUTHENTICATED: its session went with the store. */
const allowedCodes = ['SERVICE_UNAVAILABLE', 'DEADLINE_EXCEEDED', 'UNAUTHENTICATED']
/** Milliseconds that an answer takes at the most, and that a recovery does. */
const inTime = 10_000
/** Milliseconds after the signal until which what was under way may still break. */
const settling = 1000
/** Reviews of an outage at the most. */
const reviewsPerSecond = 5

/** Each engine down for a while under traffic. */
export const outageDrill: Drill = {
  name: 'outage',
  summary:
    'each store and broker down in turn (60 s, or --count seconds): what goes on goes on, all catches up within 10 s',
  async run(options) {
    const stage = await openWatchedStage(options)
    try {
      return await drill(options, stage)
    } finally {
      await stage.close()
    }
  },
}

async function drill({ profile, count = 60, say }: DrillOptions, stage: Stage): Promise<DrillOutcome> {
  const { ground } = stage
  const asked: Asked[] = []
  const onTry = (one: Asked) => void asked.push(one)
  const reviews = ground.engines.length * (count + 30) * reviewsPerSecond
  const reviewers = await createReviewers(stage, { reviews, onTry })
  const acknowledged: AcknowledgedReview[] = []
  const traffic = startTraffic(stage, { reviewers, acknowledged, onTry })
  const counted: Record<string, unknown> = {}
  const failures: string[] = []
  try {
    for (const engine of ground.engines) {
      await untilAllAnswer(asked)
      say(`${engine} goes down`)
      if (engine === 'redis') await flush(ground.environment.REDIS_URL ?? '')
      await ground.halt(engine)
      const downAt = performance.now()
      await delay(count * 1000)
      const backFrom = performance.now()
      await ground.resume(engine)
      const backAt = performance.now()
      const recoveredMs = (await untilAllAnswer(asked)) - backAt
      const during = asked.filter(({ sentAt }) => sentAt > downAt + settling && sentAt < backFrom - settling)
      const faults = judge(during, goesOn[engine]?.[profile] ?? [])
      if (recoveredMs > inTime)
        faults.push(`it took ${Math.round(recoveredMs)} ms until everything was answered again`)
      failures.push(...faults.map((fault) => `${engine}: ${fault}`))
      counted[engine] = {
        seconds: count,
        asked: during.length,
        ...tally(during),
        recoveredMs: Math.round(recoveredMs),
      }
    }
  } finally {
    await traffic.stop()
  }
  const options = { notesUrl: ground.notesUrl, patienceMs: 30_000 }
  const account = await takeAccount(reviewers, acknowledged, options)
  failures.push(...brokenPromises(account))
  if (account.caughtUpMs > inTime)
    failures.push(`the last effect came ${account.caughtUpMs} ms after the last write`)
  return { n: acknowledged.length, counted: { ...counted, ...account }, failures }
}

interface TrafficOptions {
  readonly reviewers: Reviewers
  readonly acknowledged: AcknowledgedReview[]
  readonly onTry: (asked: Asked) => void
}

/** Asks every kind of question a few times a second until it is stopped. */
function startTraffic(stage: Stage, { reviewers, acknowledged, onTry }: TrafficOptions) {
  let stopped = false
  const every = async (ms: number, work: () => Promise<unknown>) => {
    while (!stopped) await Promise.all([work(), delay(ms)])
  }
  const variables = { id: reviewers.films[0] }
  const kinds = Object.entries(reads).map(([kind, query]) =>
    every(250, async () => onTry(await tryAsk(stage.url, { kind, query, variables }))),
  )
  let number = 0
  const writing = every(1000 / reviewsPerSecond, async () =>
    acknowledged.push(await reviewers.write(number++)),
  )
  const all = Promise.all([...kinds, writing, every(1000, () => reviewers.signIn())])
  // A writer that gives up is heard of at the end.
  all.catch(() => undefined)
  return {
    async stop() {
      stopped = true
      await all
    },
  }
}

/** Resolves with the time from which every kind of question was answered well, three times in a row. */
async function untilAllAnswer(asked: readonly Asked[]): Promise<number> {
  const from = performance.now()
  const kinds: readonly Kind[] = [...(Object.keys(reads) as (keyof typeof reads)[]), 'signIn', 'review']
  for (;;) {
    const since = asked.filter(({ sentAt }) => sentAt > from)
    const lasts = kinds.map((kind) => since.filter((one) => one.kind === kind).slice(-3))
    if (lasts.every((last) => last.length === 3 && last.every(({ codes }) => codes.length === 0)))
      return Math.max(...lasts.map(([first]) => first?.answeredAt ?? 0))
    if (performance.now() - from > 60_000) {
      const stuck = kinds.filter((_, index) => !lasts[index]?.every(({ codes }) => codes.length === 0))
      throw new Error(
        `not answered after a minute: ${stuck.join(', ')} (${JSON.stringify(tally(since.slice(-50)))})`,
      )
    }
    await delay(50)
  }
}

function judge(during: readonly Asked[], onward: readonly Kind[]): string[] {
  const faults: string[] = []
  for (const kind of onward) {
    const failed = during.filter((one) => one.kind === kind && one.codes.length > 0)
    if (failed.length > 0)
      faults.push(`${kind} should go on: ${failed.length} failed with ${failed[0]?.codes[0]}`)
    if (!during.some((one) => one.kind === kind))
      faults.push(`${kind} should go on and was not answered at all`)
  }
  const wrong = during.flatMap(({ codes }) => codes).filter((code) => !allowedCodes.includes(code))
  if (wrong.length > 0) faults.push(`${wrong.length} answers with ${[...new Set(wrong)].join(', ')}`)
  const late = during.filter(({ sentAt, answeredAt }) => answeredAt - sentAt > inTime)
  if (late.length > 0) faults.push(`${late.length} answers took more than ${inTime} ms`)
  return faults
}

/** How often each kind was answered well, and which codes the others had. */
function tally(asked: readonly Asked[]) {
  const well: Record<string, number> = {}
  const codes: Record<string, number> = {}
  for (const one of asked) {
    if (one.codes.length === 0) well[one.kind] = (well[one.kind] ?? 0) + 1
    for (const code of one.codes) codes[`${one.kind} ${code}`] = (codes[`${one.kind} ${code}`] ?? 0) + 1
  }
  return { well, codes }
}

async function flush(url: string): Promise<void> {
  await promisify(execFile)('redis-cli', ['-u', url, '--no-auth-warning', 'FLUSHALL'])
}
