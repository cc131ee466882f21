import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { backOff } from '@movieverse/kit/latch'
import { checkHealth, programOf } from './health-check.ts'
import type { PlacedProcess } from './placement.ts'

export type Phase =
  | 'waiting'
  | 'starting'
  | 'healthy'
  | 'unhealthy'
  /** Ended by itself and about to be started again. */
  | 'restarting'
  | 'ended'

export interface SupervisedOptions {
  /** Working directory: the repository's root, or a folder with the same programs. */
  readonly root: string
  /** Folder of the logs. */
  readonly logs: string
  /** What every process inherits. */
  readonly inherited: Readonly<Record<string, string | undefined>>
  readonly onChange: () => void
}

/** One process of the topology, kept running as its entry's restart policy says. */
export interface Supervised {
  readonly process: PlacedProcess
  readonly phase: Phase
  /** Times that it ended by itself and was started again. */
  readonly restarts: number
  readonly pid: number | undefined
  readonly logFile: string
  /** The end of its log. */
  lastLines(): string
  start(): void
  /**
   * Resolves when it is healthy; for a process without a health check, when it has ended with 0.
   * @throws Error with the end of its log when it ends otherwise, keeps ending, or is not healthy
   *   within five minutes
   */
  ready(): Promise<void>
  /** SIGTERM, and SIGKILL after its grace; resolves when it has ended. It is not started again. */
  stop(): Promise<void>
  /** Sends a signal; what that does to it is handled as if it came from elsewhere. */
  signal(signal: NodeJS.Signals): void
}

const patienceMs = 300_000
/** A process that ends more often before it was ever healthy is not waited for. */
const mostRestarts = 5

/** Keeps a placed process: starts it, writes its log, checks its health, starts it again when it ends by itself. */
export function supervise(placed: PlacedProcess, options: SupervisedOptions): Supervised {
  const { root, logs, inherited, onChange } = options
  const { name, health, restart } = placed
  const logFile = join(logs, `${name}.log`)
  const environment = { ...inherited, ...placed.environment }
  let phase: Phase = 'waiting'
  let child: ChildProcess | undefined
  let exitCode: number | null = null
  let reason = ''
  let restarts = 0
  /** Restarts since it was last healthy. */
  let failedStarts = 0
  let stopping = false

  function become(next: Phase): void {
    phase = next
    onChange()
  }

  function launch(): void {
    mkdirSync(logs, { recursive: true })
    const output = openSync(logFile, 'a', 0o600)
    const [program = '', ...args] = placed.command
    // The channel closes with the launcher, however it dies; the process then stops by itself.
    const started = spawn(programOf(program), args, {
      cwd: root,
      env: environment,
      stdio: ['ignore', output, output, 'ipc'],
      // A terminal's Ctrl-C is for the launcher, which stops the processes in their order.
      detached: true,
    })
    closeSync(output)
    child = started
    become('starting')
    const launchedAt = Date.now()
    started.once('error', (error) => {
      reason = error.message
      become('unhealthy')
    })
    started.once('exit', (code) => {
      child = undefined
      exitCode = code
      if (stopping || restart === 'no' || (restart === 'on-failure' && code === 0)) return become('ended')
      restarts += 1
      failedStarts += 1
      become('restarting')
      // Who has lived long is started again at once, who fails at its start ever more seldom.
      const pause = Date.now() - launchedAt > 10_000 ? 0 : backOff(failedStarts, 100, 10_000)
      setTimeout(() => {
        if (!stopping) launch()
      }, pause)
    })
    void watchHealth(started)
  }

  async function watchHealth(watched: ChildProcess): Promise<void> {
    if (!health) return
    const startedAt = Date.now()
    let failures = 0
    while (child === watched) {
      const fault = await checkHealth(health, { root, environment })
      if (child !== watched) return
      const isYoung = Date.now() - startedAt < health.start_period
      if (fault === undefined) {
        failures = 0
        failedStarts = 0
        if (phase !== 'healthy') become('healthy')
      } else {
        reason = fault
        failures += isYoung && phase === 'starting' ? 0 : 1
        if (failures >= health.retries && phase !== 'unhealthy') become('unhealthy')
      }
      await delay(isYoung && phase === 'starting' ? health.start_interval : health.interval)
    }
  }

  const isReady = () => phase === 'healthy' || (health === undefined && phase === 'ended' && exitCode === 0)

  /** Why it will not get ready by itself. */
  function hopeless(): string | undefined {
    if (phase === 'ended') return `has ended with ${exitCode ?? 'a signal'}`
    if (phase === 'restarting' && failedStarts > mostRestarts)
      return `keeps ending, with ${exitCode ?? 'a signal'}`
    return undefined
  }

  function lastLines(): string {
    if (!existsSync(logFile)) return ''
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
  }

  return {
    process: placed,
    logFile,
    get phase() {
      return phase
    },
    get restarts() {
      return restarts
    },
    get pid() {
      return child?.pid
    },
    lastLines,
    start() {
      stopping = false
      launch()
    },
    async ready() {
      const patience = AbortSignal.timeout(patienceMs)
      while (!isReady()) {
        const fault =
          health && patience.aborted
            ? `is not ready after ${patienceMs / 1000} s${reason ? ` (${reason})` : ''}`
            : hopeless()
        if (fault) throw new Error(`${name} ${fault}. Its log, ${logFile}, ends:\n${lastLines()}`)
        await delay(50)
      }
    },
    async stop() {
      stopping = true
      if (!child) return become('ended')
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const killer = setTimeout(() => child?.kill('SIGKILL'), placed.stopGraceMs)
      await ended
      clearTimeout(killer)
    },
    signal(signal) {
      child?.kill(signal)
    },
  }
}
