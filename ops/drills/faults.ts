import { setTimeout as delay } from 'node:timers/promises'
import type { Stage } from '../e2e/stage.ts'
import { brokenPromises, takeAccount } from './account.ts'
import type { Drill, DrillOptions, DrillOutcome } from './drill.ts'
import { clockOn, createWrongClock, withClock } from './faults/clocks.ts'
import { createFullDisk, smallDisk, textOf } from './faults/disk.ts'
import { type Fault, originsOf, type Scene } from './faults/fault.ts'
import { createHangingConsumer } from './faults/hang.ts'
import { createExhaustedPool } from './faults/pool.ts'
import { isRed, type Watch, watchSigns } from './faults/signs.ts'
import type { Asked } from './questions.ts'
import { createRandom } from './random.ts'
import { type AcknowledgedReview, createReviewers } from './reviewers.ts'
import { judge, startTraffic, tally, untilAllAnswer } from './traffic.ts'
import { onWatchedStage, type WatchedStageOptions } from './watched-stage.ts'

const faults = {
  'full-disk': createFullDisk,
  'exhausted-pool': createExhaustedPool,
  'hanging-consumer': createHangingConsumer,
  'clock-fast': (scene: Scene) => createWrongClock(scene, 'fast'),
  'clock-slow': (scene: Scene) => createWrongClock(scene, 'slow'),
} as const
export type FaultName = keyof typeof faults

/** Breaks the promise that all is well soon after a fault: it stays for `lingerMs` longer. Others are the witness's. */
const linger = 'linger'
const lingerMs = 15_000

/** Milliseconds that an answer takes at the most: a service's deadline, and what it takes to say so. */
const inTime = 15_000
/** Milliseconds until all is well again. */
const recoveryMs = 10_000
/** Milliseconds after the beginning and before the end of a fault whose answers are not judged. */
const settling = 1000
const reviewsPerSecond = 3
/** So many that each of two consumers has some of them. */
const filmsAtOnce = 8
/** Seconds that a fault and what is around it take at the most, beside its own. */
const around = 90

/** A drill of some of the faults. */
export function createFaultsDrill(names: readonly FaultName[]): Drill {
  return {
    name: 'faults',
    summary:
      'a full disk, an exhausted pool, a consumer that hangs, clocks 5 minutes apart (30 s, or --count seconds each; needs root)',
    async run(options) {
      const altered = options.profile === 'embedded' ? 'standalone' : 'reviews-1'
      const watched: WatchedStageOptions = {
        profile: options.profile,
        mutation: options.mutation === linger ? undefined : options.mutation,
        witnesses: 2,
        disks: names.includes('full-disk') ? smallDisk : {},
        alter: (process, ground) => (process.name === altered ? withClock(process, ground) : process),
      }
      return onWatchedStage(watched, (stage) => drill(names, options, stage))
    },
  }
}

export const faultsDrill = createFaultsDrill(Object.keys(faults) as FaultName[])

async function drill(
  names: readonly FaultName[],
  options: DrillOptions,
  stage: Stage,
): Promise<DrillOutcome> {
  const { profile, count = 30, seed, say } = options
  const { ground } = stage
  const asked: Asked[] = []
  const onTry = (one: Asked) => void asked.push(one)
  const reviewers = await createReviewers(stage, {
    reviews: names.length * (count + around) * reviewsPerSecond,
    text: textOf(createRandom(seed)),
    onTry,
  })
  const acknowledged: AcknowledgedReview[] = []
  const [film = ''] = reviewers.films
  const scene: Scene = { stage, profile, acknowledged, film, onTry, clock: clockOn(ground) }
  const traffic = startTraffic(stage, { reviewers, acknowledged, reviewsPerSecond, filmsAtOnce, onTry })
  const counted: Record<string, unknown> = {}
  const failures: string[] = []
  try {
    for (const name of names) {
      await untilAllAnswer(asked)
      say(name)
      const outcome = await suffer(faults[name](scene), {
        ...{ scene, asked, seconds: count },
        lingers: options.mutation === linger,
      })
      failures.push(...outcome.failures.map((failure) => `${name}: ${failure}`))
      counted[name] = outcome.counted
    }
  } finally {
    await traffic.stop()
  }
  const account = await takeAccount(reviewers, acknowledged, {
    notesUrl: ground.notesUrl,
    patienceMs: 30_000,
  })
  failures.push(...brokenPromises(account))
  return { n: acknowledged.length, counted: { ...counted, ...account }, failures }
}

interface Surroundings {
  readonly scene: Scene
  readonly asked: readonly Asked[]
  readonly seconds: number
  readonly lingers: boolean
}

/** Lets a fault come, last and go, and says what was not as it should be. */
async function suffer(fault: Fault, { scene, asked, seconds, lingers }: Surroundings) {
  const { goesOn, signs, leastSeconds = 0 } = fault
  const lastsMs = 1000 * Math.max(seconds, leastSeconds)
  const watch = await watchSigns(signs)
  await fault.begin()
  const from = performance.now()
  await delay(lastsMs)
  const failures = [...((await fault.during?.()) ?? [])]
  await watch.stop()
  const until = performance.now()
  const ending = lingers ? delay(lingerMs).then(() => fault.end()) : fault.end()
  if (!lingers) await ending
  const endedAt = performance.now()
  const tending = tend(fault)
  const answeredAt = await untilAllAnswer(asked)
  const recoveredMs = Math.round(Math.max(answeredAt, await untilWell(scene, watch)) - endedAt)
  await ending
  await tending.stop()
  const during = asked.filter(({ sentAt }) => sentAt > from + settling && sentAt < until - settling)
  failures.push(...judge(during, { onward: goesOn, inTime }))
  for (const { name } of signs) if (!watch.seen.has(name)) failures.push(`not to be seen by ${name}`)
  if (recoveredMs > recoveryMs) failures.push(`it took ${recoveredMs} ms until all was well again`)
  return {
    failures,
    counted: {
      lastedMs: Math.round(until - from),
      asked: during.length,
      ...tally(during),
      signs: [...watch.seen],
      recoveredMs,
    },
  }
}

/** Does what keeps an engine up, until it is stopped. */
function tend({ tend: once }: Fault) {
  let stopped = false
  let reason: unknown
  async function work(): Promise<void> {
    while (once && !stopped) {
      reason = await once().then(
        () => undefined,
        (error: unknown) => error,
      )
      await delay(250)
    }
  }
  const working = work()
  return {
    /** @throws what the last try threw */
    async stop() {
      stopped = true
      await working
      if (reason !== undefined) throw reason
    },
  }
}

/** @returns when all processes that can be at fault were ready and what fades was gone; after a minute in any case */
async function untilWell(scene: Scene, watch: Watch): Promise<number> {
  const witnesses = ['witness-1', 'witness-2'].flatMap((name) => scene.stage.topology.of(name))
  const origins = [
    ...new Set([
      ...originsOf(scene, 'reviews'),
      ...originsOf(scene, 'gateway'),
      ...witnesses.flatMap(({ process }) => process.origin ?? []),
    ]),
  ]
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline) {
    if (!(await isRed({ origins, by: { check: /./ } })) && (await watch.faded())) break
    await delay(200)
  }
  return performance.now()
}
