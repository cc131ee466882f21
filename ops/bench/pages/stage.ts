import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Platform, startPlatform } from '../platform.ts'
import { freePort } from '../ports.ts'
import { bind, cpuSeconds, family, type Program, rssMb, startProgram, untilReady } from '../process.ts'
import { profilable } from '../profile.ts'
import { say } from '../report.ts'

/** All that runs in Node, of either contender: gateway, subgraphs, resolvers, Prisma. */
const SUBJECT_CORE = 0
/** PostgreSQL and the load generator. */
export const LOAD_CORE = 1

/** What a page is asked of. */
export interface Contender {
  readonly name: 'movieverse' | 'apollo'
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

/** Starts the platform on an empty data folder, and the same subgraphs again over HTTP behind stock Apollo. */
export async function setStage(folder: string): Promise<Stage> {
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

    const supergraph = join(folder, 'peer-supergraph.graphql')
    const key = join(folder, 'peer-identity.json')
    const bench = process.argv[1] ?? ''
    const node = (...args: string[]) => {
      const program = startProgram({ command: process.execPath, args: [bench, ...args], core: SUBJECT_CORE })
      started.push(program)
      return program
    }
    const subgraphs = node('pages-subgraphs', dataFolder, supergraph, key)
    await untilReady(subgraphs, async () => existsSync(supergraph))
    const port = await freePort()
    const apollo = node('pages-apollo', supergraph, key, String(port))
    const url = `http://127.0.0.1:${port}/graphql`
    await untilReady(apollo, () => isUp(url))
    return {
      platform,
      inspectorPort,
      contenders: [
        { name: 'movieverse', url: platform.url, program: only(platform.program, inNode) },
        { name: 'apollo', url, program: together(apollo, subgraphs) },
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

/** Two programs that answer as one. */
function together(front: Program, behind: Program): Program {
  return {
    ...front,
    cpuSeconds: () => front.cpuSeconds() + behind.cpuSeconds(),
    rssMb: () => front.rssMb() + behind.rssMb(),
  }
}

async function isUp(url: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ query: '{ genres { slug } }' })
  const response = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
  return response?.status === 200 && !(await response.text()).includes('"errors"')
}
