import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { withClient } from '@movieverse/kit/postgres/client'
import { contentHash, readManifest } from '../backup/manifest.ts'
import { inherited } from '../e2e/env.ts'
import { type Answer, ask } from '../e2e/platform.ts'
import { bundled, openStage, type Stage } from '../e2e/stage.ts'
import { type Drill, type DrillOptions, type DrillOutcome, WrongUse } from './drill.ts'
import { type AcknowledgedReview, createReviewers, type Reviewers, type ShownFilm } from './reviewers.ts'

const mutations = ['forget-erasures', 'lose-a-row'] as const
/** Clients that write at the same time. */
const writers = 4
const patienceMs = 60_000
/** Milliseconds between a client's writes while the backup is made. */
const pauseMs = 400

/** A backup of a platform at work, put back after more was written and somebody was erased. */
export const restoreDrill: Drill = {
  name: 'restore',
  summary:
    'a backup amid 400 acknowledged reviews is put back: equal contents, nothing doubled, the erased erased again',
  async run(options) {
    const { profile, mutation } = options
    if (mutation !== undefined && !mutations.some((known) => known === mutation))
      throw new WrongUse(`The mutations are ${mutations.join(' and ')}.`)
    const topology = profile === 'embedded' ? 'standalone' : 'distributed'
    const stage = await openStage({ profile, topology })
    try {
      return await drill(options, stage)
    } finally {
      await stage.close()
    }
  },
}

async function drill({ count = 400, mutation, say }: DrillOptions, stage: Stage): Promise<DrillOutcome> {
  const { url, ground, topology } = stage
  const folder = join(ground.folder, 'backups')
  await mkdir(folder)
  const reviewers = await createReviewers(stage, { reviews: count + 1, onTry: () => undefined })
  const film = reviewers.films[0] ?? ''
  const forgotten = await registerForgotten(url, film)

  const acknowledged: AcknowledgedReview[] = []
  let backedUp = false
  const write = async (next: () => number) => {
    for (let number = next(); number < count; number = next()) {
      acknowledged.push(await reviewers.write(number))
      // Half of them are for the time of the backup.
      if (acknowledged.length > count / 2 && !backedUp) await delay(pauseMs)
    }
  }
  let asked = 0
  const writing = Promise.all(Array.from({ length: writers }, () => write(() => asked++)))
  while (acknowledged.length < count / 2) await delay(5)
  const before = new Set(acknowledged.map(({ id }) => id))
  say(`backup amid the writes, after ${before.size} reviews`)
  const backup = join(folder, 'first')
  const backedUpMs = await timed(() => program(stage, 'backup', backup))
  backedUp = true
  await writing
  await erase(url, forgotten.token)
  await untilForgotten(reviewers, film)

  say('everything is stopped and put back')
  await topology.stop()
  if (mutation === 'forget-erasures') await forgetErasures(ground.environment.DATABASE_URL_AUTH ?? '')
  const restoredMs = await timed(() => program(stage, 'restore', backup, '--force'))
  const again = join(folder, 'second')
  await program(stage, 'backup', again)
  const unlike = await differences(backup, again)
  if (mutation === 'lose-a-row') await loseARow(ground.environment.DATABASE_URL_REVIEWS ?? '', [...before])
  await topology.start()

  const forgottenAgain = await untilForgotten(reviewers, film).then(
    () => true,
    () => false,
  )
  const shown = await untilCounted(reviewers)
  const ids = [...shown.values()].flatMap(({ reviews }) => reviews.map(({ id }) => id))
  const known = new Set(acknowledged.map(({ id }) => id))
  const counted = {
    lost: [...before].filter((id) => !ids.includes(id)).length,
    extra: ids.length - new Set(ids).size + ids.filter((id) => !known.has(id)).length,
    miscounted: [...shown.values()].filter((one) => !isCounted(one)).length,
    unlike: unlike.length,
    remembered: forgottenAgain ? 0 : 1,
  }
  // It serves: another review is written, by a member whose session ended with the restore.
  const served = await reviewers.write(count)
  const failures = Object.entries(counted).filter(([, number]) => number > 0)
  return {
    n: acknowledged.length,
    counted: { ...counted, before: before.size, kept: ids.length, served: served.id, backedUpMs, restoredMs },
    failures: failures.map(
      ([name, number]) => `${name}: ${number}${name === 'unlike' ? ` (${unlike})` : ''}`,
    ),
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return Math.round(performance.now() - startedAt)
}

/** `npm run backup` or `npm run restore` on the stage's stores. */
async function program({ ground }: Stage, ...args: readonly string[]): Promise<void> {
  const env = { ...inherited, ...ground.environment }
  await promisify(execFile)(process.execPath, [bundled('backup'), ...args], { env })
}

/** Stores whose contents are others. Auth's are: it has erased somebody again. */
async function differences(first: string, second: string): Promise<readonly string[]> {
  const [one, other] = await Promise.all([readManifest(first), readManifest(second)])
  return Object.entries(one.stores).flatMap(([name, store]) => {
    const found = other.stores[name]
    return name === 'auth' || (found && contentHash(found) === contentHash(store)) ? [] : [name]
  })
}

const password = 'correct horse battery staple'
const FORGOTTEN = 'forgotten'

/** A member with a review, who will want to be forgotten. */
async function registerForgotten(url: string, film: string): Promise<{ readonly token: string }> {
  const i = { username: FORGOTTEN, password, email: `${FORGOTTEN}@example.com` }
  const { data } = await demand(
    url,
    `mutation ($i: RegisterInput!) { register(input: $i) { session { accessToken } errors { code } } }`,
    { variables: { i } },
  )
  const token: string = data.register.session.accessToken
  await demand(
    url,
    `mutation ($m: ID!) { createReview(input: { movieId: $m, rating: 1, text: "mine" }) { review { id } errors { code } } }`,
    { variables: { m: film }, token },
  )
  return { token }
}

async function erase(url: string, token: string): Promise<void> {
  await demand(url, `mutation ($p: String!) { deleteAccount(input: { password: $p }) { errors { code } } }`, {
    variables: { p: password },
    token,
  })
}

async function demand(
  url: string,
  query: string,
  { variables, token }: { readonly variables: Record<string, unknown>; readonly token?: string },
): Promise<Answer> {
  const answer = await ask(url, query, variables, token)
  const payloads: readonly { readonly errors?: readonly unknown[] }[] = Object.values(answer.data ?? {})
  const faults = payloads.flatMap(({ errors = [] }) => errors)
  if (answer.errors || faults.length > 0) throw new Error(JSON.stringify(answer))
  return answer
}

/** @throws Error when the member's review is still shown after a while */
async function untilForgotten(reviewers: Reviewers, film: string): Promise<void> {
  await until(async () => {
    const shown = (await reviewers.shown()).get(film)
    return shown?.reviews.every(({ username }) => username !== FORGOTTEN && username !== undefined) === true
  })
}

/** What is shown when every film's count is that of its reviews, or after a while. */
async function untilCounted(reviewers: Reviewers): Promise<ReadonlyMap<string, ShownFilm>> {
  let shown = await reviewers.shown()
  await until(async () => {
    shown = await reviewers.shown()
    return [...shown.values()].every(isCounted)
  }).catch(() => undefined)
  return shown
}

function isCounted({ reviews, count, histogram }: ShownFilm): boolean {
  return (
    count === reviews.length &&
    histogram.every((n, step) => n === reviews.filter(({ rating }) => rating === (step + 1) / 2).length)
  )
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not come true within ${patienceMs} ms`)
    await delay(500)
  }
}

/** Mutation: nobody knows of the erasures since. */
const forgetErasures = (url: string) => change(url, 'UPDATE accounts SET erased_at = NULL')

/** Mutation: a review is gone. */
const loseARow = (url: string, [id = '0']: readonly string[]) =>
  change(url, `DELETE FROM reviews WHERE id = ${Number(id)}`)

async function change(url: string, statement: string): Promise<void> {
  await withClient({ connectionString: url }, (client) => client.query(statement))
}
