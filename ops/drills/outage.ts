import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Stage } from '../e2e/stage.ts'
import { brokenPromises, takeAccount } from './account.ts'
import type { Drill, DrillOptions, DrillOutcome } from './drill.ts'
import type { Asked } from './questions.ts'
import { type AcknowledgedReview, createReviewers } from './reviewers.ts'
import { judge, type Kind, startTraffic, tally, untilAllAnswer } from './traffic.ts'
import { onWatchedStage } from './watched-stage.ts'

/** What goes on while an engine is down. All else gets a coded error, and in time. */
const goesOn: Readonly<Record<string, Readonly<Record<DrillOptions['profile'], readonly Kind[]>>>> = {
  postgres: { embedded: [], engines: ['film', 'genres'] },
  // A film is made by its owner: what others add to it is not asked for either.
  mariadb: { embedded: [], engines: ['genres', 'signIn', 'review'] },
  mongo: { embedded: [], engines: ['film', 'rating', 'signIn', 'review'] },
  redis: { embedded: [], engines: ['film', 'rating', 'genres'] },
  kafka: { embedded: [], engines: ['film', 'rating', 'genres', 'signIn', 'review'] },
  rabbitmq: { embedded: [], engines: ['film', 'rating', 'genres', 'signIn', 'review'] },
}
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
  run: (options) => onWatchedStage(options, (stage) => drill(options, stage)),
}

async function drill({ profile, count = 60, say }: DrillOptions, stage: Stage): Promise<DrillOutcome> {
  const { ground } = stage
  const asked: Asked[] = []
  const onTry = (one: Asked) => void asked.push(one)
  const reviews = ground.engines.length * (count + 30) * reviewsPerSecond
  const reviewers = await createReviewers(stage, { reviews, onTry })
  const acknowledged: AcknowledgedReview[] = []
  const traffic = startTraffic(stage, { reviewers, acknowledged, reviewsPerSecond, onTry })
  const counted: Record<string, unknown> = {}
  const failures: string[] = []
  try {
    for (const engine of ground.engines) {
      await untilAllAnswer(asked)
      say(`${engine} goes down`)
      if (engine === 'redis') await flush(ground.environment.REDIS_URL ?? '')
      const restarts = new Map(stage.topology.processes.map((one) => [one, one.restarts]))
      await ground.halt(engine)
      const downAt = performance.now()
      await delay(count * 1000)
      const backFrom = performance.now()
      await ground.resume(engine)
      const backAt = performance.now()
      const recoveredMs = (await untilAllAnswer(asked)) - backAt
      const during = asked.filter(({ sentAt }) => sentAt > downAt + settling && sentAt < backFrom - settling)
      const faults = judge(during, { onward: goesOn[engine]?.[profile] ?? [], inTime })
      if (recoveredMs > inTime)
        faults.push(`it took ${Math.round(recoveredMs)} ms until everything was answered again`)
      for (const one of stage.topology.processes)
        if (one.restarts !== restarts.get(one))
          faults.push(`${one.process.name} ended by itself: ${one.lastLines()}`)
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

async function flush(url: string): Promise<void> {
  await promisify(execFile)('redis-cli', ['-u', url, '--no-auth-warning', 'FLUSHALL'])
}
