import { setTimeout as delay } from 'node:timers/promises'
import type { Sign } from './fault.ts'

/** Milliseconds within which a process that is well says how it is. */
const patience = 5000

/** Looks for signs until it is stopped. */
export interface Watch {
  /** Names of those that were seen. */
  readonly seen: ReadonlySet<string>
  stop(): Promise<void>
  /** Whether those that fade are gone. */
  faded(): Promise<boolean>
}

/** Watches from the present state of the metrics on. */
export async function watchSigns(signs: readonly Sign[]): Promise<Watch> {
  const before = await Promise.all(signs.map(sumOf))
  const seen = new Set<string>()
  let stopped = false
  // Each for itself: one that does not answer keeps nobody from seeing the others.
  async function look(sign: Sign, index: number): Promise<void> {
    while (!stopped) {
      const isThere = 'check' in sign.by ? await isRed(sign) : (await sumOf(sign)) > (before[index] ?? 0)
      if (isThere) seen.add(sign.name)
      await delay(250)
    }
  }
  const looking = Promise.all(signs.map(look))
  return {
    seen,
    async stop() {
      stopped = true
      await looking
    },
    async faded() {
      const now = await Promise.all(signs.map(sumOf))
      return signs.every(
        ({ by }, index) => !('fades' in by && by.fades) || (now[index] ?? 0) <= (before[index] ?? 0),
      )
    },
  }
}

/** Whether `/readyz` of any of the processes is as it should not be. */
export async function isRed({ origins, by }: Pick<Sign, 'origins' | 'by'>): Promise<boolean> {
  const states = await Promise.all(
    origins.map(async (origin) => {
      const text = await read(`${origin}/readyz`)
      // One that says nothing is ill whatever is asked of it.
      if (text === undefined) return true
      const { checks } = JSON.parse(text) as { checks: Record<string, string> }
      return Object.entries(checks).some(
        ([name, state]) => state !== 'ok' && (!('check' in by) || by.check.test(name)),
      )
    }),
  )
  return states.includes(true)
}

async function sumOf({ origins, by }: Sign): Promise<number> {
  if (!('metric' in by)) return 0
  const texts = await Promise.all(origins.map((origin) => read(`${origin}/metrics`)))
  return texts
    .flatMap((text) => text?.split('\n') ?? [])
    .filter((line) => by.metric.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

/** @returns undefined when there is no answer in time */
async function read(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patience) })
    return await response.text()
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return undefined
    throw error
  }
}
