import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readIfThere } from '../files.ts'
import type { Launcher } from './account.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { ClusterFolder } from './cluster.ts'

/** What a server writes of itself into its data folder (postmaster.pid; PostgreSQL, miscadmin.h). */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** Folder of its Unix socket; undefined where it listens on TCP alone. */
  readonly socketFolder: string | undefined
  readonly ready: boolean
}

/** @returns undefined when no server has the folder; a stale file of a killed machine counts as none */
export async function readPostmaster(folder: ClusterFolder): Promise<Postmaster | undefined> {
  const lines = (await readIfThere(join(folder.cluster, 'postmaster.pid')))?.split('\n')
  if (!lines) return undefined
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid) || !(await isPostgres(pid, folder)))
    return undefined
  return {
    pid,
    port: Number(lines[3]),
    socketFolder: lines[4] || undefined,
    ready: lines[7]?.trim() === 'ready',
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there is such a process, and it is another account's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** After a reboot the recorded pid may be anybody's: where /proc is, the process must name the folder. */
async function isPostgres(pid: number, folder: ClusterFolder): Promise<boolean> {
  const commandLine = await readIfThere(`/proc/${pid}/cmdline`)
  // Without its record either there is no /proc here, or it has ended just now.
  return commandLine === undefined ? isAlive(pid) : commandLine.split('\0').includes(folder.cluster)
}

/** Whether a running server was started with these settings (postmaster.opts holds its command line, quoted). */
export async function runsWith(folder: ClusterFolder, settings: Settings): Promise<boolean> {
  const commandLine = (await readIfThere(join(folder.cluster, 'postmaster.opts')))?.trim()
  const wanted = flagsOf(settings).map((flag) => `"${flag}"`)
  return commandLine?.endsWith(wanted.join(' ')) ?? false
}

type Settings = Readonly<Record<string, string>>

function flagsOf(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

export interface LaunchOptions {
  readonly binaries: PostgresBinaries
  readonly launcher: Launcher
  readonly port: number
  readonly settings: Settings
}

/**
 * Starts a server and waits until it takes connections. It is a process group of its own, so that the terminal's Ctrl-C
 * reaches this process alone, which then stops the server last.
 * @throws Error with the server's own words when it ends instead
 */
export async function launch(folder: ClusterFolder, options: LaunchOptions): Promise<Postmaster> {
  await rm(folder.serverLog, { force: true })
  const log = openSync(folder.serverLog, 'a', 0o600)
  const program = options.binaries.postgres
  const base = ['-D', folder.cluster, '-p', `${options.port}`]
  const { file, args } = options.launcher.command(program, [...base, ...flagsOf(options.settings)])
  const child = spawn(file, args, {
    // setpriv changes the account itself.
    ...(file === program ? options.launcher.account : undefined),
    cwd: folder.cluster,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  let failure: Error | undefined
  child.on('error', (error) => {
    failure = error
  })
  child.on('exit', (code, signal) => {
    failure ??= new Error(`the server ended with ${code ?? signal}`)
  })
  for (;;) {
    if (failure) throw new Error(await lastWords(folder, failure))
    const postmaster = await readPostmaster(folder)
    if (postmaster?.pid === child.pid && postmaster?.ready) {
      child.unref()
      return postmaster
    }
    await delay(5)
  }
}

async function lastWords(folder: ClusterFolder, failure: Error): Promise<string> {
  const text = await readFile(folder.serverLog, 'utf8')
  const lines = text.split('\n').filter((line) => /FATAL|PANIC|ERROR|HINT|DETAIL|could not/.test(line))
  return lines.slice(-5).join('\n') || failure.message
}

/**
 * Stops a server: fast shutdown (sessions are ended, everything is on disk); if that takes longer than `patienceMs`,
 * immediate shutdown, from which the next start recovers by the write-ahead log.
 */
export async function stopPostmaster(pid: number, patienceMs = 10_000): Promise<void> {
  const signals: readonly (readonly [NodeJS.Signals, number])[] = [
    ['SIGINT', patienceMs],
    ['SIGQUIT', 3_000],
    ['SIGKILL', 1_000],
  ]
  for (const [signal, patience] of signals) {
    if (!isAlive(pid)) return
    process.kill(pid, signal)
    const deadline = Date.now() + patience
    while (isAlive(pid) && Date.now() < deadline) await delay(5)
  }
  if (isAlive(pid)) throw new Error(`PostgreSQL (process ${pid}) does not stop`)
}
