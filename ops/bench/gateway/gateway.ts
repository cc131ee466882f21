import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@movieverse/kit/ports'
import { type Measurement, measure } from '../measure.ts'
import { bindSelf, requireMeasurable, startProgram, untilIdle, untilReady } from '../process.ts'
import { profilable, selfTimes, startProfile } from '../profile.ts'
import { answers, type Contender, compareAnswers } from './answers.ts'
import { type Run, reportProfile, reportRun, reportSummary } from './rows.ts'
import { composeSupergraph } from './services.ts'
import { readSettings, type Settings } from './settings.ts'
import type { Ground, Subject } from './subjects.ts'

const GATEWAY_CORE = 0
const LOAD_CORE = 1

/** `npm run bench -- gateway`: our gateway and its peers over the same HTTP subgraphs, one core each. */
export async function benchGateway(args: string[]): Promise<void> {
  const settings = readSettings(args)
  requireMeasurable()
  bindSelf(LOAD_CORE)
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-gateway-'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const subgraphs = startProgram({
    command: process.execPath,
    args: [process.argv[1] ?? '', 'gateway-subgraphs', String(port)],
    core: LOAD_CORE,
  })
  try {
    await untilReady(subgraphs, () => answers(`${origin}/count`))
    const supergraphFile = join(folder, 'supergraph.graphql')
    await writeFile(supergraphFile, await composeSupergraph(origin))
    const runs: Run[] = []
    for (let start = 1; start <= settings.starts; start++) {
      const ground = { supergraphFile, origin, folder, dedupe: settings.dedupe }
      runs.push(...(await oneStart(start, settings, ground)))
    }
    reportSummary(runs)
  } finally {
    await subgraphs.stop()
    await rm(folder, { recursive: true })
  }
}

/** Starts every subject anew, compares their answers, and measures them in turns. */
async function oneStart(start: number, settings: Settings, ground: Omit<Ground, 'port'>): Promise<Run[]> {
  const contenders: Contender[] = []
  const runs: Run[] = []
  try {
    for (const subject of settings.subjects) contenders.push(await startSubject(subject, settings, ground))
    const fetches = await compareAnswers(contenders, settings.query, ground.origin)
    for (const contender of contenders) await putOn(contender, settings, settings.warmUp)
    for (let round = 1; round <= settings.rounds; round++) {
      for (const contender of contenders) {
        const measurement = await putOn(contender, settings, settings.seconds)
        const { name } = contender.subject
        const { query, dedupe } = settings
        const run: Run = {
          name,
          query: query.name,
          dedupe,
          start,
          round,
          fetches: fetches.get(name),
          measurement,
        }
        reportRun(run)
        runs.push(run)
      }
    }
    if (settings.profile) for (const contender of contenders) await profileContender(contender, settings)
    return runs
  } finally {
    for (const { program } of contenders) await program.stop()
  }
}

async function startSubject(
  subject: Subject,
  { profile }: Settings,
  common: Omit<Ground, 'port'>,
): Promise<Contender> {
  const ground = { ...common, port: await freePort() }
  const inspectorPort = profile ? await freePort() : undefined
  const url = `http://127.0.0.1:${ground.port}/graphql`
  const headers = (await subject.headers?.(ground)) ?? {}
  const options = await subject.program(ground)
  const environment = { ...options.environment, ...(inspectorPort && profilable(inspectorPort)) }
  const program = startProgram({ ...options, environment, core: GATEWAY_CORE })
  try {
    await untilReady(program, () => answers(url, '{ __typename }', headers))
  } catch (error) {
    await program.stop()
    throw new Error(`${subject.name} did not start`, { cause: error })
  }
  return { subject, program, url, headers, inspectorPort }
}

/** One more load, under the profiler: no figure of it counts. */
async function profileContender(contender: Contender, settings: Settings): Promise<void> {
  const { subject, program, inspectorPort } = contender
  if (inspectorPort === undefined || subject.native) return
  const profiling = await startProfile(program.pid, inspectorPort)
  await putOn(contender, settings, settings.seconds)
  reportProfile(subject.name, selfTimes(await profiling.stop()))
}

async function putOn(contender: Contender, settings: Settings, seconds: number): Promise<Measurement> {
  const { url, headers, program } = contender
  const bodies = [JSON.stringify({ query: settings.query.query })]
  const load = { url, headers, bodies, connections: settings.connections, seconds, core: LOAD_CORE }
  const measurement = await measure(program, load)
  // The generator leaves its last requests behind; they must not take the core from the next contender.
  await untilIdle(program)
  return measurement
}
