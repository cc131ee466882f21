import { setTimeout as delay } from 'node:timers/promises'
import { folderFault } from './data-folder.ts'
import { reasonOf, StartupError } from './errors.ts'
import type { Log } from './log.ts'

/** Milliseconds that a start which was cut off has to notice it. */
const startPatience = 5_000
/** A second signal within this time is the terminal's and a parent's same Ctrl-C, not a person's impatience. */
const sameSignal = 1_000

/** What a running process holds, in the order in which it was started. */
export interface Lifecycle {
  /** To be stopped later, in reverse order of these calls; at once when stopping has begun, for a start that was cut off. */
  onStop(name: string, stop: () => Promise<unknown>): void
  /** True once stopping has begun. */
  stopping(): boolean
  /** Stops everything, once. Answers the names of what failed to stop. */
  stop(): Promise<readonly string[]>
}

/** Keeps the parts of a process and stops them in reverse order, each even if another fails. */
export function createLifecycle(log: Log): Lifecycle {
  const parts: { name: string; stop: () => Promise<unknown> }[] = []
  let stopped: Promise<readonly string[]> | undefined

  async function stopAll() {
    const failed: string[] = []
    for (const { name, stop } of parts.splice(0).reverse()) {
      try {
        await stop()
      } catch (error) {
        failed.push(name)
        log.error({ err: error, part: name }, 'a part did not stop cleanly')
      }
    }
    return failed
  }

  return {
    onStop(name, stop) {
      parts.push({ name, stop })
      stopped = stopped?.then(async (failed) => [...failed, ...(await stopAll())])
    },
    stopping: () => stopped !== undefined,
    async stop() {
      stopped ??= stopAll()
      // Parts that came while the others were stopped have made it longer.
      let waited: typeof stopped
      do {
        waited = stopped
        await waited
      } while (waited !== stopped)
      return stopped
    },
  }
}

export interface ProcessSettings {
  /** Milliseconds that it may take to stop; then it ends with an error. Default 20,000. */
  readonly stopMs?: number
}

/**
 * Runs a process from start to end: SIGINT, SIGTERM and the loss of the parent that started it stop it in order, a
 * second signal at once; an error that nobody caught is logged and ends it; the exit code is 0 only after a clean stop.
 */
export async function runProcess(
  log: Log,
  start: (lifecycle: Lifecycle) => Promise<void>,
  { stopMs = 20_000 }: ProcessSettings = {},
): Promise<void> {
  const lifecycle = createLifecycle(log)
  let asked = 0
  let exitCode = 0

  async function end(): Promise<void> {
    asked = Date.now()
    setTimeout(() => {
      log.fatal(`not stopped after ${stopMs} ms`)
      process.exit(1)
    }, stopMs).unref()
    const failed = await lifecycle.stop()
    // A start that was cut off fails for want of what was stopped, and what it made by then is stopped too.
    await Promise.race([started, delay(startPatience)])
    const late = await lifecycle.stop()
    process.exit(failed.length + late.length > 0 ? 1 : exitCode)
  }

  function onSignal(): void {
    if (asked === 0) void end()
    else if (Date.now() - asked > sameSignal) process.exit(130)
  }

  function onFault(name: string, error: unknown): void {
    log.fatal({ err: error }, name)
    exitCode = 1
    if (asked === 0) void end()
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.on(signal, onSignal)
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(fault, (error: unknown) => onFault(fault, error))
  }

  const started = start(lifecycle).catch((error: unknown) => {
    if (asked > 0) return
    exitCode = 1
    const fault = error instanceof StartupError ? error : folderFault(error, 'DATA_DIR')
    if (fault) process.stderr.write(`${fault.describe()}\n`)
    else log.fatal({ err: error }, `could not start: ${reasonOf(error)}`)
    void end()
  })
  await started
}
