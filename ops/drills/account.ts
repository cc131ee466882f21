import { setTimeout as delay } from 'node:timers/promises'
import { withClient } from '@movieverse/kit/postgres/client'
import type pg from 'pg'
import type { AcknowledgedReview, Reviewers } from './reviewers.ts'

/** What a witness noted, in the order of its effects. */
interface Noted {
  readonly event_id: string
  readonly type: string
  readonly film: string
  readonly review: string
}

/** What was promised and what is there. */
export interface Account {
  /** Acknowledged reviews that the platform does not show. */
  readonly lost: number
  /** Reviews that are shown and were never acknowledged, or twice. */
  readonly extra: number
  /** Films whose count or histogram is not that of their reviews. */
  readonly miscounted: number
  /** Acknowledged reviews whose event, or whose event's job, had no effect. */
  readonly effectsLost: number
  /** Effects beyond the first of an event or a job. */
  readonly effectsDoubled: number
  /** Pairs of a film's reviews, the second sent after the first was answered, whose effects came the other way round. */
  readonly outOfOrder: number
}

const promises = ['lost', 'extra', 'miscounted', 'effectsLost', 'effectsDoubled', 'outOfOrder'] as const

/** What of the account must be 0 and is not. */
export function brokenPromises(account: Account): string[] {
  return promises.filter((name) => account[name] > 0).map((name) => `${name}: ${account[name]}`)
}

/**
 * Waits until the witness has noted every review or nothing new comes for `patienceMs`, and compares all with what was
 * acknowledged.
 * @returns the account and the milliseconds until the last effect
 */
export async function takeAccount(
  reviewers: Reviewers,
  acknowledged: readonly AcknowledgedReview[],
  { notesUrl, patienceMs }: { readonly notesUrl: string; readonly patienceMs: number },
): Promise<Account & { readonly caughtUpMs: number }> {
  return await withClient({ connectionString: notesUrl }, async (client) => {
    const caughtUpMs = await untilQuiet(client, { expected: acknowledged.length, patienceMs })
    const { rows: seen } = await client.query<Noted>(
      'select event_id, type, film, review from seen order by place',
    )
    const { rows: done } = await client.query<{ event_id: string }>('select event_id from done')
    return {
      ...(await compareShown(reviewers, acknowledged)),
      ...compareEffects(acknowledged, seen, done),
      caughtUpMs,
    }
  })
}

async function untilQuiet(
  client: pg.Client,
  { expected, patienceMs }: { readonly expected: number; readonly patienceMs: number },
): Promise<number> {
  const startedAt = performance.now()
  let lastChange = startedAt
  let last = -1
  for (;;) {
    const { rows } = await client.query<{ seen: number; done: number }>(
      'select (select count(distinct event_id)::int from seen) as seen, (select count(distinct event_id)::int from done) as done',
    )
    const { seen = 0, done = 0 } = rows[0] ?? {}
    if (seen + done !== last) lastChange = performance.now()
    last = seen + done
    const complete = seen >= expected && done >= expected
    // What is complete is watched for two more seconds: doubled effects come late.
    if (performance.now() - lastChange > (complete ? 2000 : patienceMs))
      return Math.round(lastChange - startedAt)
    await delay(50)
  }
}

async function compareShown(reviewers: Reviewers, acknowledged: readonly AcknowledgedReview[]) {
  const shown = await reviewers.shown()
  const ids = [...shown.values()].flatMap(({ reviews }) => reviews.map(({ id }) => id))
  const known = new Set(acknowledged.map(({ id }) => id))
  const there = new Set(ids)
  let miscounted = 0
  for (const { reviews, count, histogram } of shown.values()) {
    const counted = histogram.map(
      (_, step) => reviews.filter(({ rating }) => rating === (step + 1) / 2).length,
    )
    if (count !== reviews.length || counted.some((n, step) => n !== histogram[step])) miscounted++
  }
  return {
    lost: acknowledged.filter(({ id }) => !there.has(id)).length,
    extra: ids.length - there.size + ids.filter((id) => !known.has(id)).length,
    miscounted,
  }
}

function compareEffects(
  acknowledged: readonly AcknowledgedReview[],
  seen: readonly Noted[],
  done: readonly { readonly event_id: string }[],
) {
  const created = seen.filter(({ type }) => type === 'review_created')
  const places = new Map<string, number>()
  created.forEach(({ review }, place) => {
    if (!places.has(review)) places.set(review, place)
  })
  const eventOf = new Map(created.map(({ review, event_id }) => [review, event_id]))
  const jobs = new Set(done.map(({ event_id }) => event_id))
  const missing = acknowledged.filter(({ id }) => !places.has(id) || !jobs.has(eventOf.get(id) ?? ''))
  return {
    effectsLost: missing.length,
    effectsDoubled: created.length - places.size + (done.length - jobs.size),
    outOfOrder: countDisorder(acknowledged, places),
  }
}

/** Only what did not overlap has an order that the client knows. */
function countDisorder(
  acknowledged: readonly AcknowledgedReview[],
  places: ReadonlyMap<string, number>,
): number {
  let disorder = 0
  for (const ofFilm of Map.groupBy(acknowledged, ({ film }) => film).values()) {
    for (const first of ofFilm) {
      for (const second of ofFilm) {
        const [before, after] = [places.get(first.id), places.get(second.id)]
        if (first.answeredAt < second.sentAt && before !== undefined && after !== undefined && before > after)
          disorder++
      }
    }
  }
  return disorder
}
