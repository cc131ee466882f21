import { setTimeout as delay } from 'node:timers/promises'
import { takeAccount } from './account.ts'
import type { Drill, DrillOptions, DrillOutcome } from './drill.ts'
import { openGround } from './ground.ts'
import { bundled, supervise } from './program.ts'
import { createRandom, pick } from './random.ts'
import { type AcknowledgedReview, createReviewers } from './reviewers.ts'
import { startStandalone } from './topology.ts'
import { mutations } from './witness.ts'

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
  async run(options) {
    if (options.mutation !== undefined && !mutations.some((name) => name === options.mutation))
      throw new RangeError(`kill knows the mutations ${mutations.join(', ')}.`)
    const ground = await openGround(options.profile)
    try {
      const topology = await startStandalone(ground)
      const witness = supervise({
        name: 'witness',
        args: ['--enable-source-maps', bundled('drill'), 'witness', ground.notesUrl, options.mutation ?? ''],
        environment: ground.environment,
        ready: async () => {
          if (!witness.output().includes('watching')) throw new Error('it does not watch yet')
        },
      })
      try {
        await Promise.all([topology.untilReady(), witness.untilReady()])
        const targets = [
          ...topology.processes.map((name) => ({ name, kill: () => topology.kill(name) })),
          { name: 'witness', kill: () => witness.kill() },
        ]
        return await drill(options, { topology, targets, notesUrl: ground.notesUrl })
      } finally {
        await Promise.all([topology.close(), witness.stop()])
      }
    } finally {
      await ground.close()
    }
  },
}

interface Stage {
  readonly topology: Awaited<ReturnType<typeof startStandalone>>
  readonly targets: readonly { readonly name: string; kill(): Promise<void> }[]
  readonly notesUrl: string
}

async function drill(
  { count = 1000, seed, say }: DrillOptions,
  { topology, targets, notesUrl }: Stage,
): Promise<DrillOutcome> {
  const random = createRandom(seed)
  const reviewers = await createReviewers(topology, count)
  const acknowledged: AcknowledgedReview[] = []
  const kills: Record<string, number> = Object.fromEntries(targets.map(({ name }) => [name, 0]))
  const wanted = Math.max(targets.length * 2, Math.floor(count / reviewsPerKill))
  const killAt = Array.from({ length: wanted }, () => Math.floor(random() * count)).sort((a, b) => a - b)
  let next = 0

  async function killer(): Promise<void> {
    for (const [index, at] of killAt.entries()) {
      while (acknowledged.length < at) await delay(5)
      await delay(random() * 100)
      // Each once for certain, then any.
      const target = targets[index] ?? pick(random, targets)
      await target.kill()
      kills[target.name] = (kills[target.name] ?? 0) + 1
    }
  }
  const write = async () => {
    for (let number = next++; number < count; number = next++) {
      acknowledged.push(await reviewers.write(number))
      if (acknowledged.length % 100 === 0) say(`${acknowledged.length} of ${count} reviews, ${next} asked`)
    }
  }
  await Promise.all([killer(), ...Array.from({ length: writers }, write)])
  await topology.untilReady()
  const account = await takeAccount(reviewers, acknowledged, { notesUrl, patienceMs })
  const promises = ['lost', 'extra', 'miscounted', 'effectsLost', 'effectsDoubled', 'outOfOrder'] as const
  const failures = promises.filter((name) => account[name] > 0).map((name) => `${name}: ${account[name]}`)
  const bugs = reviewers.codes.get('INTERNAL_SERVER_ERROR')
  if (bugs) failures.push(`INTERNAL_SERVER_ERROR: ${bugs}`)
  return {
    n: acknowledged.length,
    counted: { kills, ...account, codes: Object.fromEntries(reviewers.codes) },
    failures,
  }
}
