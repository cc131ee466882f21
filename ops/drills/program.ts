import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inherited } from '../e2e/env.ts'

/** A program of the bundle: `standalone`, `admin`, `drill`. */
export const bundled = (name: string): string => join(dirname(process.argv[1] ?? ''), `${name}.js`)

export interface SupervisedOptions {
  readonly name: string
  /** Node's arguments: the program and its own. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Rejects while the program cannot do its work yet. */
  ready(): Promise<unknown>
}

/** A program that is started again as soon as it ends, as an orchestrator would. */
export interface Supervised {
  readonly name: string
  /** Of the present process; it changes with each start. */
  pid(): number
  /** How often the program has ended without being asked to. */
  ends(): number
  /** SIGKILL. Resolves when the process is gone; the next one is on its way. */
  kill(): Promise<void>
  /** The last 16,000 characters of what all its processes wrote. */
  output(): string
  /** Resolves when `ready` does. @throws Error with the last output after 60 s */
  untilReady(): Promise<void>
  /** SIGTERM, and SIGKILL after 20 s; nothing is started any more. Answers the exit code, null after a signal. */
  stop(): Promise<number | null>
}

const restartAfter = 200
const readyWithin = 60_000
const stopWithin = 20_000

/** Starts a program and keeps it running. */
export function supervise(options: SupervisedOptions): Supervised {
  let child: ChildProcess
  let stopping = false
  let ends = 0
  let output = ''

  function start(): void {
    child = spawn(process.execPath, options.args, {
      env: { ...inherited, APOLLO_TELEMETRY_DISABLED: '1', ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-16_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.once('exit', () => {
      if (stopping) return
      ends++
      setTimeout(() => stopping || start(), restartAfter)
    })
  }
  const alive = () => child.exitCode === null && child.signalCode === null

  start()
  return {
    name: options.name,
    pid: () => child.pid ?? 0,
    ends: () => ends,
    output: () => output,
    async kill() {
      if (!alive()) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    async untilReady() {
      const deadline = Date.now() + readyWithin
      for (;;) {
        try {
          return void (await options.ready())
        } catch (error) {
          if (Date.now() > deadline)
            throw new Error(`${options.name} is not ready after ${readyWithin} ms:\n${output}`, {
              cause: error,
            })
        }
        await delay(50)
      }
    },
    async stop() {
      stopping = true
      if (alive()) {
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        const late = setTimeout(() => child.kill('SIGKILL'), stopWithin)
        await gone
        clearTimeout(late)
      }
      return child.exitCode
    },
  }
}
