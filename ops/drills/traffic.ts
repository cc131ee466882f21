import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from '../e2e/stage.ts'
import { type Asked, tryAsk } from './questions.ts'
import type { AcknowledgedReview, Reviewers } from './reviewers.ts'

/** Reads by anybody, each of one service's own store. */
const reads = {
  film: `query ($id: ID!) { movie(id: $id) { title } }`,
  rating: `query ($id: ID!) { movie(id: $id) { rating { count } } }`,
  genres: `{ genres { id } }`,
} as const
export type Kind = keyof typeof reads | 'signIn' | 'review'

const kinds: readonly Kind[] = ['film', 'rating', 'genres', 'signIn', 'review']

/** What a client may be told while something is down; UNAUTHENTICATED: its session went with the store. */
const allowedCodes = ['SERVICE_UNAVAILABLE', 'SUBREQUEST_TIMEOUT', 'DEADLINE_EXCEEDED', 'UNAUTHENTICATED']

export interface TrafficOptions {
  readonly reviewers: Reviewers
  readonly acknowledged: AcknowledgedReview[]
  readonly reviewsPerSecond: number
  /** Films that are written about in turn; default 1. */
  readonly filmsAtOnce?: number
  readonly onTry: (asked: Asked) => void
}

/** Asks every kind of question a few times a second until it is stopped. */
export function startTraffic(stage: Stage, options: TrafficOptions) {
  const { reviewers, acknowledged, reviewsPerSecond, filmsAtOnce = 1, onTry } = options
  let stopped = false
  const every = async (ms: number, work: () => Promise<unknown>) => {
    while (!stopped) await Promise.all([work(), delay(ms)])
  }
  const variables = { id: reviewers.films[0] }
  const reading = Object.entries(reads).map(([kind, query]) =>
    every(250, async () => onTry(await tryAsk(stage.url, { kind, query, variables }))),
  )
  let written = 0
  const writing = every(1000 / reviewsPerSecond, async () =>
    acknowledged.push(await reviewers.write(inTurn(written++, filmsAtOnce, reviewers.perFilm))),
  )
  const all = Promise.all([...reading, writing, every(1000, () => reviewers.signIn())])
  // A writer that gives up is heard of at the end.
  all.catch(() => undefined)
  return {
    async stop() {
      stopped = true
      await all
    },
  }
}

/** The number of the review that is written as the nth. */
function inTurn(nth: number, filmsAtOnce: number, perFilm: number): number {
  const inBlock = nth % (filmsAtOnce * perFilm)
  const film = inBlock % filmsAtOnce
  return nth - inBlock + film * perFilm + Math.floor(inBlock / filmsAtOnce)
}

/**
 * Resolves with the time from which every kind of question was answered well, three times in a row.
 * @throws Error after a minute
 */
export async function untilAllAnswer(asked: readonly Asked[]): Promise<number> {
  const from = performance.now()
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

/**
 * What was wrong with the answers of a time in which something was down.
 * @param onward the kinds that go on
 * @param inTime milliseconds that an answer takes at the most
 */
export function judge(
  during: readonly Asked[],
  { onward, inTime }: { readonly onward: readonly Kind[]; readonly inTime: number },
): string[] {
  const faults: string[] = []
  for (const kind of onward) {
    const failed = during.filter((one) => one.kind === kind && one.codes.length > 0)
    if (failed.length > 0)
      faults.push(`${kind} should go on: ${failed.length} failed with ${failed[0]?.codes[0]}`)
    if (!during.some((one) => one.kind === kind))
      faults.push(`${kind} should go on and was not answered at all`)
  }
  const wrong = during.flatMap(({ codes }) => codes).filter((code) => !allowedCodes.includes(code))
  const reasons = during.flatMap(({ reason }) => reason ?? [])
  if (wrong.length > 0)
    faults.push(`${wrong.length} answers with ${[...new Set([...wrong, ...reasons])].join(', ')}`)
  const late = during.filter(({ sentAt, answeredAt }) => answeredAt - sentAt > inTime)
  if (late.length > 0) faults.push(`${late.length} answers took more than ${inTime} ms`)
  return faults
}

/** How often each kind was answered well, and which codes the others had. */
export function tally(asked: readonly Asked[]) {
  const well: Record<string, number> = {}
  const codes: Record<string, number> = {}
  for (const one of asked) {
    if (one.codes.length === 0) well[one.kind] = (well[one.kind] ?? 0) + 1
    for (const code of one.codes) codes[`${one.kind} ${code}`] = (codes[`${one.kind} ${code}`] ?? 0) + 1
  }
  return { well, codes }
}
