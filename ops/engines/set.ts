import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFull, folderFault } from '@movieverse/kit/data-folder'
import type { EnvSource } from '@movieverse/kit/env'
import { StartupError } from '@movieverse/kit/errors'
import { makeFolder } from '@movieverse/kit/postgres/folder'
import { writeLines } from './configuration.ts'
import type { Place, Variables } from './engine.ts'
import { chooseServers, type ServerEngine } from './engines.ts'
import { alone } from './lock.ts'
import { findPrograms, logFile, stopPrograms } from './processes.ts'
import { checkGiven, isRunning, startEngine, untilReady } from './start.ts'

/** Milliseconds that a server has for an orderly stop. */
const stopPatience = 30_000
/** Bytes that a start wants to find on the disk. */
const leastFree = 300_000_000

export interface EngineSetOptions {
  /** Absolute path of everything that the set keeps. */
  readonly folder: string
  readonly basePort: number
  /** Where all variables of an engine stand here, that server is used and none is started. */
  readonly env: EnvSource
  readonly say: (line: string) => void
}

/** Where an engine of the set stands. */
export interface EngineState {
  readonly name: string
  /** `partly`: only some of its processes live. */
  readonly state: 'running' | 'partly' | 'stopped' | 'given'
  readonly pids: readonly number[]
  readonly port: number | undefined
  readonly about: string
}

/**
 * Servers on the loopback with data and ports of their own. What several processes ask of it happens one after the
 * other, and each leaves a file `env` in the folder: the variables of what is up then, KEY=VALUE a line.
 */
export interface EngineSet {
  /**
   * Starts what does not run yet, and waits until each answers a real request.
   * @throws StartupError NOT_INSTALLED, PORT_TAKEN, DISK_FULL, DATA_DIR_NOT_WRITABLE, START_FAILED; ENGINE_UNREACHABLE of
   * a given server
   */
  up(names: readonly string[]): Promise<void>
  /** Stops in good order, with everything on the disk. */
  down(names: readonly string[]): Promise<void>
  /** Ends without any warning (SIGKILL), and waits until nothing of it is left. */
  kill(names: readonly string[]): Promise<void>
  /** Stops and forgets the data. */
  reset(names: readonly string[]): Promise<void>
  status(names: readonly string[]): Promise<readonly EngineState[]>
  /** The files that the engines' processes have written into. */
  logs(names: readonly string[]): Promise<readonly string[]>
}

export function createEngineSet({ folder, basePort, env, say }: EngineSetOptions): EngineSet {
  const home = (engine: ServerEngine): string => join(folder, engine.name)

  async function placeOf(engine: ServerEngine): Promise<Place> {
    const ports = engine.server.ports.map((distance) => basePort + distance)
    return { folder: home(engine), ports, password: (await readFile(passwordFile(folder), 'utf8')).trim() }
  }

  function given(engine: ServerEngine): Variables | undefined {
    const names = Object.keys(engine.server.variables({ folder: '', ports: [], password: '' }))
    const values = names.map((name) => [name, env[name] ?? ''] as const)
    return values.every(([, value]) => value !== '') ? Object.fromEntries(values) : undefined
  }

  async function bringUp(engine: ServerEngine): Promise<void> {
    const begun = performance.now()
    const tell = (what: string): void => {
      say(`${engine.name.padEnd(11)}${what} (${((performance.now() - begun) / 1000).toFixed(1)} s)`)
    }
    const theirs = given(engine)
    if (theirs) {
      await checkGiven(engine, theirs)
      return tell('given by the environment, answers')
    }
    const place = await placeOf(engine)
    if (await isRunning(place.folder)) {
      await untilReady(engine, place)
      return tell(`runs on port ${place.ports[0]}`)
    }
    await stopPrograms(place.folder, { signal: 'SIGKILL', patienceMs: 0 })
    await startEngine(engine, place)
    tell(`started on port ${place.ports[0]}`)
  }

  async function writeEnvironment(): Promise<void> {
    const variables: Record<string, string> = {}
    for (const engine of chooseServers([])) {
      const theirs = given(engine)
      if (theirs) Object.assign(variables, theirs)
      else if (await isRunning(home(engine))) {
        Object.assign(variables, engine.server.variables(await placeOf(engine)))
      }
    }
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    await writeLines(join(folder, 'env'), lines)
  }

  /** Does something to each engine at once; the environment is written even if one of them fails. */
  async function each(
    names: readonly string[],
    work: (engine: ServerEngine) => Promise<void>,
  ): Promise<void> {
    const engines = chooseServers(names)
    await alone(`engines-${folder.slice(-80)}`, async () => {
      await prepareFolder(folder)
      await makePassword(folder)
      const results = await Promise.allSettled(engines.map(work))
      await writeEnvironment()
      const [failure, ...more] = results.filter((result) => result.status === 'rejected')
      for (const { reason } of more) say(reason instanceof StartupError ? reason.describe() : String(reason))
      if (failure) throw faultOf(failure.reason, folder)
    })
  }

  async function end(engine: ServerEngine, signal: NodeJS.Signals): Promise<void> {
    const programs = [...(await findPrograms(home(engine))).values()]
    await stopPrograms(home(engine), { signal, patienceMs: stopPatience })
    if (programs.some((one) => one !== undefined)) {
      say(`${engine.name.padEnd(11)}${signal === 'SIGKILL' ? 'killed' : 'stopped'}`)
    }
  }

  return {
    up: (names) => each(names, bringUp),
    down: (names) => each(names, (engine) => end(engine, engine.server.stopSignal)),
    kill: (names) => each(names, (engine) => end(engine, 'SIGKILL')),
    reset: (names) =>
      each(names, async (engine) => {
        await end(engine, 'SIGKILL')
        await rm(home(engine), { recursive: true, force: true })
      }),
    status: (names) =>
      Promise.all(
        chooseServers(names).map(async (engine) => {
          const programs = [...(await findPrograms(home(engine))).values()]
          const alive = programs.filter((one) => one !== undefined)
          const whole = alive.length === programs.length ? 'running' : 'partly'
          return {
            name: engine.name,
            state: given(engine) ? 'given' : alive.length === 0 ? 'stopped' : whole,
            pids: alive.map((one) => one.pid),
            port: given(engine) ? undefined : basePort + (engine.server.ports[0] ?? 0),
            about: engine.source.about,
          }
        }),
      ),
    async logs(names) {
      const files = chooseServers(names).map(async (engine) =>
        [...(await findPrograms(home(engine))).keys()].map((program) => logFile(home(engine), program)),
      )
      return (await Promise.all(files)).flat().filter((file) => existsSync(file))
    },
  }
}

/** @throws StartupError DISK_FULL, DATA_DIR_NOT_WRITABLE */
async function prepareFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder, 0o755)
    const { bavail, bsize } = await statfs(folder)
    if (bavail * bsize < leastFree) throw diskFull(folder, bavail * bsize)
  } catch (error) {
    throw faultOf(error, folder)
  }
}

/** A fault of the set's folder in words of this command. */
function faultOf(error: unknown, folder: string): unknown {
  const fault = error instanceof StartupError ? error : folderFault(error, folder)
  if (!fault) return error
  const remedy = fault.remedy.replace('DATA_DIR', 'ENGINES_DIR')
  return new StartupError(fault.code, fault.message, remedy, { cause: error })
}

const passwordFile = (folder: string): string => join(folder, 'password')

/** Once a set: servers that have accounts are not open to whoever else is on the machine. */
async function makePassword(folder: string): Promise<void> {
  const file = passwordFile(folder)
  if (!existsSync(file)) await writeLines(file, [randomBytes(18).toString('hex')])
}
