import { readdirSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from '@movieverse/kit/ports'
import nodeFlags from '../node-flags.json' with { type: 'json' }
import { family, type Program, pssMb, rssMb, startProgram, untilReady } from './process.ts'

/** What `npm run gateway` and `npm start` give to Node: a figure is of the program as it is run. */
export const NODE_FLAGS = nodeFlags

/** A program that was bundled together with this one. */
export const programFile = (name: string) => join(dirname(process.argv[1] ?? ''), `${name}.js`)

/** A running platform with its own PostgreSQL. */
export interface Platform {
  readonly program: Program
  readonly url: string
  /** Seconds from the start of the process to the first film that was answered. */
  readonly firstAnswerSeconds: number
  /** The processes of its PostgreSQL. */
  databasePids(): number[]
}

export interface PlatformOptions {
  readonly dataFolder: string
  readonly core?: number
  readonly nodeFlags?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** What must be answered without errors and not null for the platform to count as up. */
  readonly probe?: string
}

/**
 * Starts the standalone program on a data folder and waits for its first answer.
 * @throws Error with its last output when it ends or is silent for 90 s
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/graphql`
  const start = performance.now()
  const program = startProgram({
    command: process.execPath,
    args: [...NODE_FLAGS.standalone, ...(options.nodeFlags ?? []), programFile('standalone')],
    core: options.core,
    environment: { PORT: String(port), DATA_DIR: options.dataFolder, ...options.environment },
  })
  const probe = options.probe ?? '{ probe: movie(id: "1") { title } }'
  try {
    await untilReady(program, () => isAnswered(url, probe), 90)
  } catch (error) {
    await program.stop()
    throw error
  }
  const firstAnswerSeconds = (performance.now() - start) / 1000
  return { program, url, firstAnswerSeconds, databasePids: () => processesIn(options.dataFolder) }
}

async function isAnswered(url: string, query: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ query })
  const response = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
  if (response === undefined) return false
  const text = await response.text()
  return response.status === 200 && !text.includes('"errors"') && !text.includes('"probe":null')
}

/** PostgreSQL's processes work in their data folder. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && workingFolder(name).startsWith(folder))
    .map(Number)
}

/** Empty for a process that has gone or is not ours. */
function workingFolder(pid: string): string {
  try {
    return readlinkSync(join('/proc', pid, 'cwd'))
  } catch (error) {
    if (error instanceof Error && /ENOENT|ESRCH|EACCES/.test(error.message)) return ''
    throw error
  }
}

/** What Node and PostgreSQL hold, apart and together. The sum is of proportional memory: shared buffers count once. */
export function memory(platform: Platform) {
  const database = platform.databasePids()
  const node = family(platform.program.pid).filter((pid) => !database.includes(pid))
  return {
    nodePssMb: Math.round(pssMb(node)),
    nodeRssMb: Math.round(rssMb(node)),
    postgresPssMb: Math.round(pssMb(database)),
    postgresRssMb: Math.round(rssMb(database)),
    residentMb: Math.round(pssMb([...node, ...database])),
  }
}
