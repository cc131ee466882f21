import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { memory, startPlatform } from './platform.ts'
import { requireMeasurable } from './process.ts'
import { median, report, rounded } from './report.ts'

/** Until what a start leaves behind has been done: autovacuum, garbage, indexing. */
const SETTLE_MS = 5000

/** `npm run bench -- start`: from nothing to the first film, the start after that, and the memory after each. */
export async function benchStart(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { runs: { type: 'string', default: '3' } } })
  requireMeasurable()
  const rows: { first: number; second: number; residentMb: number }[] = []
  for (let run = 1; run <= Number(values.runs); run++) {
    const folder = await mkdtemp(join(tmpdir(), 'movieverse-start-'))
    try {
      const first = await oneStart(folder, { start: 'first', run })
      const second = await oneStart(folder, { start: 'second', run })
      rows.push({ first: first.seconds, second: second.seconds, residentMb: first.residentMb })
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  const of = (name: 'first' | 'second' | 'residentMb') => rounded(median(rows.map((row) => row[name])))
  const figures = {
    firstStartSeconds: of('first'),
    secondStartSeconds: of('second'),
    residentMb: of('residentMb'),
  }
  report({ bench: 'start', name: 'movieverse', start: 'median', ...figures, runs: rows.length })
}

async function oneStart(dataFolder: string, labels: { start: string; run: number }) {
  // As `npm start` has it: what V8 compiled is kept for the next start. The first one of a run has nothing yet.
  const environment = { NODE_COMPILE_CACHE: join(dataFolder, 'compiled') }
  const platform = await startPlatform({ dataFolder, environment })
  try {
    await sleep(SETTLE_MS)
    const seconds = rounded(platform.firstAnswerSeconds)
    const held = memory(platform)
    report({ bench: 'start', name: 'movieverse', ...labels, seconds, ...held })
    return { seconds, residentMb: held.residentMb }
  } finally {
    await platform.program.stop()
  }
}
