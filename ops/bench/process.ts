import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, platform } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { subjectEnvironment } from './env.ts'

/** Jiffies per second of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const TICKS = 100

/** How a program is started for a measurement. */
export interface ProgramOptions {
  readonly command: string
  readonly args: readonly string[]
  /** The core that the program and all its threads and children are bound to; any when undefined. */
  readonly core?: number
  readonly environment?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A started program. CPU time and memory are of the program and all that descend from it. */
export interface Program {
  readonly pid: number
  /** The last 4 kB of what it wrote, to say why it ended. */
  output(): string
  /** Set once it has ended by itself. */
  ended(): boolean
  /** User and system time in seconds since it started, children that live included. */
  cpuSeconds(): number
  /** Resident memory in MiB: shared pages are counted in each process. */
  rssMb(): number
  /** Sends a signal to the program and all that descend from it. */
  signal(name: NodeJS.Signals): void
  /** Sends SIGTERM, after 5 s SIGKILL, and waits for its end. */
  stop(): Promise<void>
}

/** @throws Error where the machine can't measure: bench reads /proc, binds with taskset and needs two cores. */
export function requireMeasurable(): void {
  if (platform() !== 'linux')
    throw new Error('The benchmarks read /proc and bind cores with taskset: run them on Linux.')
  if (availableParallelism() < 2)
    throw new Error('The benchmarks need two cores: one for the subject, one for the load.')
}

/** Binds this process (and what it starts without a core of its own) to a core. */
export function bindSelf(core: number): void {
  bind(process.pid, core)
}

/** Binds a running process with all its threads; what it starts from now on follows. */
export function bind(pid: number, core: number): void {
  execFileSync('taskset', ['-apc', String(core), String(pid)], { stdio: 'ignore' })
}

/** The process and all its descendants that live now. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(Number(name))
    if (stat !== undefined) parents.set(Number(name), Number(stat[1]))
  }
  const found = [pid]
  for (let i = 0; i < found.length; i++)
    for (const [child, parent] of parents) if (parent === found[i]) found.push(child)
  return found
}

/** The fields of /proc/<pid>/stat from the state on; undefined when the process has gone. */
function readStat(pid: number): string[] | undefined {
  const text = readProc(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** A file of /proc; undefined when its process ended before or while it was read. */
function readProc(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && /ENOENT|ESRCH/.test(error.message)) return undefined
    throw error
  }
}

/** User and system time in seconds of these processes and of what they started and outlived. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const stat = readStat(pid)
    // Its own user and system time, and that of its children that have ended.
    for (const field of stat?.slice(11, 15) ?? []) ticks += Number(field)
  }
  return ticks / TICKS
}

/** Resident memory of these processes in MiB; shared pages are counted in each of them. */
export function rssMb(pids: readonly number[]): number {
  return sumKilobytes(pids, 'status', /^VmRSS:\s+(\d+)/m) / 1024
}

/** Proportional memory of these processes in MiB: a page shared by n processes counts 1/n in each. */
export function pssMb(pids: readonly number[]): number {
  return sumKilobytes(pids, 'smaps_rollup', /^Pss:\s+(\d+)/m) / 1024
}

function sumKilobytes(pids: readonly number[], file: string, line: RegExp): number {
  let sum = 0
  for (const pid of pids) sum += Number(line.exec(readProc(`/proc/${pid}/${file}`) ?? '')?.[1] ?? 0)
  return sum
}

/** Starts a program, bound to its core from its first instruction on. */
export function startProgram(options: ProgramOptions): Program {
  const bound = options.core === undefined ? [] : ['taskset', '-c', String(options.core)]
  const [command = options.command, ...args] = [...bound, options.command, ...options.args]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: subjectEnvironment(options.environment),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4096)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.once('error', (error) => keep(Buffer.from(error.message)))
  const pid = child.pid
  if (pid === undefined) throw new Error(`${command} could not be started`)
  return {
    pid,
    output: () => output,
    ended: () => hasEnded(child),
    cpuSeconds: () => cpuSeconds(family(pid)),
    rssMb: () => rssMb(family(pid)),
    signal: (name) => {
      for (const member of family(pid)) process.kill(member, name)
    },
    stop: () => stopChild(child),
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(kill)
}

/**
 * Waits until a probe holds.
 * @throws Error with the program's last output when it ends first, or after `seconds`.
 */
export async function untilReady(
  program: Program,
  probe: () => Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await probe())) {
    if (program.ended()) throw new Error(`The program ended before it answered:\n${program.output()}`)
    if (Date.now() > deadline) throw new Error(`No answer within ${seconds} s:\n${program.output()}`)
    await sleep(50)
  }
}

/** Waits until a program uses less than a tenth of a core; at most 30 s. */
export async function untilIdle(program: Program): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const before = program.cpuSeconds()
    await sleep(200)
    if (program.cpuSeconds() - before < 0.02) return
  }
}
