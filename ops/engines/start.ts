import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import type { Place, Variables } from './engine.ts'
import type { ServerEngine } from './engines.ts'
import { findPrograms, logFile, startPrograms, stopPrograms } from './processes.ts'

/** Milliseconds that a server has to answer its first request, on a machine that is busy. */
const patience = 300_000

/** Whether all processes of the engine of a folder live. */
export async function isRunning(folder: string): Promise<boolean> {
  const programs = [...(await findPrograms(folder)).values()]
  return programs.length > 0 && !programs.includes(undefined)
}

/**
 * Starts an engine of which nothing runs and waits until it answers. A start that fails leaves nothing running.
 * @throws StartupError NOT_INSTALLED, PORT_TAKEN, START_FAILED
 */
export async function startEngine(engine: ServerEngine, place: Place): Promise<void> {
  if (!(await engine.source.isThere())) {
    throw new StartupError(
      'NOT_INSTALLED',
      `${engine.name} is not installed (${engine.source.about}).`,
      `npm run engines -- install ${engine.name}`,
    )
  }
  for (const port of place.ports) await requireFree(engine, port)
  await mkdir(place.folder, { recursive: true })
  await startPrograms(place.folder, await engine.server.prepare(place))
  try {
    await untilReady(engine, place)
  } catch (error) {
    await stopPrograms(place.folder, { signal: 'SIGKILL', patienceMs: 0 })
    throw error
  }
}

/**
 * Waits until a running engine answers real requests and has what services expect to find.
 * @throws StartupError START_FAILED when it ends, or keeps silent for five minutes
 */
export async function untilReady(engine: ServerEngine, place: Place): Promise<void> {
  const deadline = Date.now() + patience
  for (;;) {
    try {
      await engine.server.furnish?.(place)
      await engine.server.check(engine.server.variables(place))
      return
    } catch (error) {
      const runs = await isRunning(place.folder)
      if (!runs || Date.now() > deadline) {
        throw new StartupError(
          'START_FAILED',
          `${engine.name} ${runs ? 'does not answer' : 'ended'}: ${reasonOf(error)}${await lastWords(place)}`,
          `See npm run engines -- logs ${engine.name}`,
          { cause: error },
        )
      }
    }
    await delay(50)
  }
}

/** @throws StartupError ENGINE_UNREACHABLE */
export async function checkGiven(engine: ServerEngine, variables: Variables): Promise<void> {
  try {
    await engine.server.check(variables)
  } catch (error) {
    const names = Object.keys(variables).join(', ')
    throw new StartupError(
      'ENGINE_UNREACHABLE',
      `${engine.name} of the environment (${names}) does not answer: ${reasonOf(error)}`,
      `Start it, or unset ${names} to have one started here.`,
      { cause: error },
    )
  }
}

async function requireFree(engine: ServerEngine, port: number): Promise<void> {
  const taken = await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
  if (!taken) return
  throw new StartupError(
    'PORT_TAKEN',
    `Port ${port}, which ${engine.name} needs, is taken by another program.`,
    'End that program, or set ENGINES_PORT to the first of 20 free ports.',
  )
}

/** The end of what its processes wrote. */
async function lastWords({ folder }: Place): Promise<string> {
  const programs = [...(await findPrograms(folder)).keys()]
  const files = programs.map((program) => logFile(folder, program)).filter((file) => existsSync(file))
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return texts
    .flatMap((text) => text.trimEnd().split('\n').slice(-8))
    .map((line) => `\n    ${line}`)
    .join('')
}
