import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { NODE_FLAGS, processesIn } from '../platform.ts'
import { type Program, pssMb, requireMeasurable, startProgram } from '../process.ts'
import { median, report, rounded } from '../report.ts'
import { enlargeSample } from './enlarge.ts'

const SAMPLE = 'ops/sample/data'
const POLL_MS = 100

const loadReport = z.object({
  films: z.number(),
  members: z.number(),
  ratings: z.number(),
  broken: z.number(),
  seconds: z.number(),
})

/** `npm run bench -- load`: the sample and a larger one, each into a data folder of its own. */
export async function benchLoad(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', default: '3' }, times: { type: 'string', default: '1,10' } },
  })
  requireMeasurable()
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-load-'))
  try {
    const seconds = new Map<number, number>()
    for (const times of values.times.split(',').map(Number)) {
      const source = times === 1 ? SAMPLE : join(folder, `sample-${times}`)
      if (times !== 1) await enlargeSample(SAMPLE, source, times)
      const runs: number[] = []
      for (let run = 1; run <= Number(values.runs); run++) runs.push(await oneLoad(source, times, run))
      seconds.set(times, median(runs))
    }
    for (const [times, taken] of seconds) {
      const perSample = taken / times / (seconds.get(1) ?? Number.NaN)
      const row = {
        bench: 'load',
        name: 'movieverse',
        samples: times,
        start: 'median',
        seconds: rounded(taken),
      }
      report({ ...row, ...(Number.isNaN(perSample) ? {} : { secondsPerSampleToOne: rounded(perSample, 3) }) })
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** @returns the seconds that the load took */
async function oneLoad(source: string, samples: number, run: number): Promise<number> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'movieverse-load-data-'))
  const program = startProgram({
    command: process.execPath,
    args: [...NODE_FLAGS.standalone, process.argv[1] ?? '', 'load-subject', source, dataFolder],
  })
  try {
    const peak = await peakMemory(program, dataFolder)
    const line = program.output().trim().split('\n').at(-1) ?? ''
    if (!line.startsWith('{')) throw new Error(`The load ended early:\n${program.output()}`)
    const { films, members, ratings, seconds, broken } = loadReport.parse(JSON.parse(line))
    if (broken > 0)
      throw new Error(`${broken} lines were refused: the figure would not be of the whole load.`)
    const rowsPerSecond = Math.round((films + members + ratings) / seconds)
    const counts = { films, members, ratings, seconds: rounded(seconds), rowsPerSecond }
    report({ bench: 'load', name: 'movieverse', samples, run, ...counts, ...peak })
    return seconds
  } finally {
    await program.stop()
    await rm(dataFolder, { recursive: true })
  }
}

/** Looks at the memory until the program ends. Proportional memory: shared buffers count once. */
async function peakMemory(program: Program, dataFolder: string) {
  const peak = { peakNodeMb: 0, peakPostgresMb: 0, peakMb: 0 }
  while (!program.ended()) {
    const node = Math.round(pssMb([program.pid]))
    const postgres = Math.round(pssMb(processesIn(dataFolder)))
    peak.peakNodeMb = Math.max(peak.peakNodeMb, node)
    peak.peakPostgresMb = Math.max(peak.peakPostgresMb, postgres)
    peak.peakMb = Math.max(peak.peakMb, node + postgres)
    await sleep(POLL_MS)
  }
  return peak
}
