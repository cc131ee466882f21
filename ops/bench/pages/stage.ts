import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@movieverse/kit/ports'
import { type Platform, startPlatform } from '../platform.ts'
import { bind, cpuSeconds, family, type Program, pssMb, rssMb, startProgram, untilReady } from '../process.ts'
import { profilable } from '../profile.ts'
import { report, say } from '../report.ts'
import { startDistributed } from './distributed.ts'

/** All that runs in Node, of either contender: gateway, subgraphs, resolvers, Prisma. */
const SUBJECT_CORE = 0
/** PostgreSQL and the load generator. */
export const LOAD_CORE = 1

/** Until what a start leaves behind has been done. */
const REST_MS = 15_000

/** What a page is asked of. */
export interface Contender {
  readonly name: 'movieverse' | 'apollo' | 'distributed'
  readonly url: string
  /** CPU time and memory of all its Node processes. */
  readonly program: Program
}

/** Both contenders, up and bound to their cores, on one data folder with the sample. */
export interface Stage {
  readonly contenders: readonly Contender[]
  readonly platform: Platform
  readonly inspectorPort: number
  /** CPU seconds of PostgreSQL so far. */
  databaseSeconds(): number
  stop(): Promise<void>
}

/**
 * Starts the platform on an empty data folder, and the same subgraphs again over HTTP: behind stock Apollo, or
 * distributed over processes of their own behind our gateway.
 */
export async function setStage(folder: string, peer: 'apollo' | 'distributed'): Promise<Stage> {
  const dataFolder = join(folder, 'data')
  const inspectorPort = await freePort()
  const started: Program[] = []
  const stop = async () => {
    for (const program of started.toReversed()) await program.stop()
  }
  try {
    say('starting the platform and loading the sample')
    const environment = profilable(inspectorPort)
    const platform = await startPlatform({ dataFolder, core: SUBJECT_CORE, environment })
    started.push(platform.program)
    const database = platform.databasePids()
    const inNode = family(platform.program.pid).filter((pid) => !database.includes(pid))
    for (const pid of database) bind(pid, LOAD_CORE)
    const contender =
      peer === 'apollo' ? await startApollo(folder, started) : await startProcesses(dataFolder, started)
    return {
      platform,
      inspectorPort,
      contenders: [
        { name: 'movieverse', url: platform.url, program: only(platform.program, inNode) },
        contender,
      ],
      databaseSeconds: () => cpuSeconds(platform.databasePids()),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The program without the processes that it has beside Node's: PostgreSQL is counted apart. */
function only(program: Program, pids: readonly number[]): Program {
  return { ...program, cpuSeconds: () => cpuSeconds(pids), rssMb: () => rssMb(pids) }
}

/** Programs that answer as one. */
function together(front: Program, ...behind: Program[]): Program {
  const all = [front, ...behind]
  return {
    ...front,
    cpuSeconds: () => all.reduce((sum, program) => sum + program.cpuSeconds(), 0),
    rssMb: () => all.reduce((sum, program) => sum + program.rssMb(), 0),
    signal: (name) => {
      for (const program of all) program.signal(name)
    },
  }
}

async function startApollo(folder: string, started: Program[]): Promise<Contender> {
  const supergraph = join(folder, 'peer-supergraph.graphql')
  const key = join(folder, 'peer-identity.json')
  const bench = process.argv[1] ?? ''
  const node = (...args: string[]) => {
    const program = startProgram({ command: process.execPath, args: [bench, ...args], core: SUBJECT_CORE })
    started.push(program)
    return program
  }
  const subgraphs = node('pages-subgraphs', join(folder, 'data'), supergraph, key)
  await untilReady(subgraphs, async () => existsSync(supergraph))
  const port = await freePort()
  const apollo = node('pages-apollo', supergraph, key, String(port))
  const url = `http://127.0.0.1:${port}/graphql`
  await untilReady(apollo, () => isUp(url))
  return { name: 'apollo', url, program: together(apollo, subgraphs) }
}

/** Starts the processes, and reports what each holds when it has had nothing to do for a while. */
async function startProcesses(dataFolder: string, started: Program[]): Promise<Contender> {
  const { url, gateway, services } = await startDistributed(dataFolder, { core: SUBJECT_CORE, started })
  await sleep(REST_MS)
  for (const [name, { pid }] of [['gateway', gateway] as const, ...services])
    report({ bench: 'pages-memory', name, pssMb: Math.round(pssMb(family(pid))) })
  return { name: 'distributed', url, program: together(gateway, ...services.values()) }
}

async function isUp(url: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ query: '{ genres { slug } }' })
  const response = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
  return response?.status === 200 && !(await response.text()).includes('"errors"')
}
