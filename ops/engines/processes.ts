import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readIfThere } from '@movieverse/kit/files'
import type { Program } from './engine.ts'

/** A process that lives now. A pid alone may be somebody else's by now: with its start it is one process (proc(5)). */
export interface Running {
  readonly pid: number
  /** Clock ticks after the machine's start. */
  readonly startedAt: string
}

interface Stat extends Running {
  readonly parent: number
  readonly ended: boolean
}

const pidFile = (folder: string, name: string): string => join(folder, `${name}.pid`)

/** The file that a program's output goes to; `.previous` is that of the run before. */
export const logFile = (folder: string, name: string): string => join(folder, `${name}.log`)

/** Writes its own line of /proc (pid, start) before it becomes the program: no moment in which nobody knows it. */
const recorder = 'read -r line < /proc/$$/stat && printf "%s\\n" "$line" > "$0" && exec "$@"'

/**
 * Starts programs one after the other, each in a session of its own: they outlive this process, its terminal and its
 * killed parents. Cut off in between, the folder tells that one is missing.
 */
export async function startPrograms(folder: string, programs: readonly Program[]): Promise<void> {
  for (const { name } of programs) await writeFile(pidFile(folder, name), '')
  for (const program of programs) await startProgram(folder, program)
}

async function startProgram(folder: string, program: Program): Promise<void> {
  const log = logFile(folder, program.name)
  if (existsSync(log)) await rename(log, `${log}.previous`)
  const output = openSync(log, 'a', 0o600)
  const started = spawn(
    'sh',
    ['-c', recorder, pidFile(folder, program.name), program.file, ...program.args],
    {
      cwd: folder,
      detached: true,
      stdio: ['ignore', output, output],
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        TZ: 'UTC',
        ...program.env,
      },
    },
  )
  closeSync(output)
  await new Promise((resolve, reject) => started.once('spawn', resolve).once('error', reject))
  started.unref()
  // The shell needs a moment to write of itself.
  const record = pidFile(folder, program.name)
  while (started.exitCode === null && !(await isRecorded(record, started.pid))) await delay(2)
}

async function isRecorded(record: string, pid: number | undefined): Promise<boolean> {
  return parseStat(await readIfThere(record))?.pid === pid
}

/** Where the programs of a folder stand: undefined for one that has ended. Empty where none was ever started. */
export async function findPrograms(folder: string): Promise<ReadonlyMap<string, Running | undefined>> {
  const files = existsSync(folder) ? await readdir(folder) : []
  const names = files.filter((file) => file.endsWith('.pid')).map((file) => file.slice(0, -'.pid'.length))
  const states = names.map(async (name) => {
    const recorded = parseStat(await readIfThere(pidFile(folder, name)))
    return [name, recorded && (await isAlive(recorded)) ? recorded : undefined] as const
  })
  return new Map(await Promise.all(states))
}

async function isAlive(running: Running): Promise<boolean> {
  const now = await readStat(running.pid)
  return now !== undefined && now.startedAt === running.startedAt && !now.ended
}

/**
 * Ends the programs of a folder with all that descends from them, the last started first, and forgets them. Those that
 * do not follow the signal within `patienceMs` are killed.
 */
export async function stopPrograms(
  folder: string,
  { signal, patienceMs }: { readonly signal: NodeJS.Signals; readonly patienceMs: number },
): Promise<void> {
  const programs = await findPrograms(folder)
  const running = [...programs.values()].filter((one) => one !== undefined)
  const age = (one: Running): number => Number(one.startedAt)
  for (const one of running.sort((a, b) => age(b) - age(a) || b.pid - a.pid)) {
    await stopFamily(one, signal, patienceMs)
  }
  for (const name of programs.keys()) await rm(pidFile(folder, name), { force: true })
}

async function stopFamily(head: Running, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  const everyone = await family(head)
  for (const one of signal === 'SIGKILL' ? everyone : [head]) send(one, signal)
  if (await endWithin(everyone, patienceMs)) return
  const left = new Set((await Promise.all(everyone.map(family))).flat())
  for (const one of left) send(one, 'SIGKILL')
  if (!(await endWithin([...left], 10_000))) throw new Error(`process ${head.pid} cannot be ended`)
}

function send(running: Running, signal: NodeJS.Signals): void {
  try {
    process.kill(running.pid, signal)
  } catch (error) {
    // It has ended in the meantime.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

async function endWithin(everyone: readonly Running[], patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const alive = await Promise.all(everyone.map(isAlive))
    if (!alive.includes(true)) return true
    if (Date.now() > deadline) return false
    await delay(20)
  }
}

/** The process, if it lives, and its living descendants. */
async function family(head: Running): Promise<readonly Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const stats = (await Promise.all(pids.map(readStat))).filter((stat) => stat !== undefined)
  const found = stats.filter((stat) => stat.pid === head.pid && stat.startedAt === head.startedAt)
  for (const member of found) found.push(...stats.filter((stat) => stat.parent === member.pid))
  return found
}

async function readStat(pid: number): Promise<Stat | undefined> {
  return parseStat(await readIfThere(`/proc/${pid}/stat`))
}

function parseStat(line: string | undefined): Stat | undefined {
  if (!line) return undefined
  // The second field is the program's name in brackets and may hold anything.
  const [state, parent, ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const startedAt = fields[17]
  if (startedAt === undefined) return undefined
  return {
    pid: Number.parseInt(line, 10),
    startedAt,
    parent: Number(parent),
    ended: /[ZX]/.test(state ?? ''),
  }
}
