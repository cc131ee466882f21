import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from '../e2e/stage.ts'
import { brokenPromises, takeAccount } from './account.ts'
import type { Drill, DrillOptions, DrillOutcome } from './drill.ts'
import { createRandom, pick } from './random.ts'
import { type AcknowledgedReview, createReviewers } from './reviewers.ts'
import { onWatchedStage } from './watched-stage.ts'

/** Clients that write at the same time. */
const writers = 4
/** A kill comes after about so many acknowledged reviews. */
const reviewsPerKill = 12
const patienceMs = 30_000

/** kill -9 of any one process at random moments while reviews are written. */
export const killDrill: Drill = {
  name: 'kill',
  summary:
    'kill -9 of random processes during 1,000 acknowledged reviews: nothing lost, doubled or out of order',
  run: (options) => onWatchedStage(options, (stage) => drill(options, stage)),
}

async function drill({ count = 1000, seed, say }: DrillOptions, stage: Stage): Promise<DrillOutcome> {
  const random = createRandom(seed)
  // Those that work; what migrates and seeds has ended.
  const targets = stage.topology.processes.filter(({ process }) => process.health)
  const codes: Record<string, number> = {}
  const reviewers = await createReviewers(stage, {
    reviews: count,
    onTry: ({ codes: seen }) => {
      for (const code of seen) codes[code] = (codes[code] ?? 0) + 1
    },
  })
  const acknowledged: AcknowledgedReview[] = []
  const kills: Record<string, number> = Object.fromEntries(targets.map(({ process: { name } }) => [name, 0]))
  const wanted = Math.max(targets.length * 2, Math.floor(count / reviewsPerKill))
  const killAt = Array.from({ length: wanted }, () => Math.floor(random() * count)).sort((a, b) => a - b)
  let next = 0
  let killed = 0

  async function killer(): Promise<void> {
    for (const [index, at] of killAt.entries()) {
      while (acknowledged.length < at) await delay(5)
      await delay(random() * 100)
      // Each once for certain, then any. What is down already is not killed by it.
      const target = targets[index] ?? pick(random, targets)
      await target.ready()
      target.signal('SIGKILL')
      kills[target.process.name] = (kills[target.process.name] ?? 0) + 1
      killed = index + 1
    }
  }
  const write = async () => {
    for (let number = next++; number < count; number = next++) {
      // Not all is written while the first that were killed come back.
      while (number >= (killAt[killed] ?? count) + reviewsPerKill) await delay(5)
      acknowledged.push(await reviewers.write(number))
      if (acknowledged.length % 100 === 0) say(`${acknowledged.length} of ${count} reviews, ${next} asked`)
    }
  }
  await Promise.all([killer(), ...Array.from({ length: writers }, write)])
  await Promise.all(targets.map((target) => target.ready()))
  const account = await takeAccount(reviewers, acknowledged, { notesUrl: stage.ground.notesUrl, patienceMs })
  const failures = brokenPromises(account)
  if (codes.INTERNAL_SERVER_ERROR) failures.push(`INTERNAL_SERVER_ERROR: ${codes.INTERNAL_SERVER_ERROR}`)
  return {
    n: acknowledged.length,
    counted: { kills, ...account, codes },
    failures,
  }
}
