import { execFile } from 'node:child_process'
import { chown, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { reasonOf, StartupError } from '../errors.ts'

const run = promisify(execFile)

/** The system account that the server runs as. */
export interface ServerAccount {
  readonly uid: number
  readonly gid: number
}

/** How a program of the server is started. */
export interface Launcher {
  /** Undefined: the account of this process. */
  readonly account: ServerAccount | undefined
  command(
    program: string,
    args: readonly string[],
  ): { readonly file: string; readonly args: readonly string[] }
}

/**
 * PostgreSQL refuses to run as root: under root (containers) it runs as `postgres`, which is made when it is missing.
 * Where that account may not enter a folder above `paths` (a clone under /root, a DATA_DIR made by mktemp), the server
 * gets the one capability to pass, rather than the folder's mode being changed.
 * @throws StartupError when the account cannot be made
 */
export async function serverLauncher(paths: readonly string[]): Promise<Launcher> {
  const plain = (file: string, args: readonly string[]) => ({ file, args })
  if (process.getuid?.() !== 0) return { account: undefined, command: plain }
  const account = (await findAccount()) ?? (await makeAccount())
  const reachable = await Promise.all(paths.map((path) => mayEnter(account, path)))
  if (reachable.every(Boolean)) return { account, command: plain }
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  const capability = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  return {
    account,
    command: (program, args) => ({ file: 'setpriv', args: [...identity, ...capability, program, ...args] }),
  }
}

async function makeAccount(): Promise<ServerAccount> {
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'])
    const account = await findAccount()
    if (account) return account
    throw new Error('useradd made no account')
  } catch (error) {
    throw new StartupError(
      'START_FAILED',
      `PostgreSQL cannot run as root, and the account "postgres" could not be made: ${reasonOf(error)}`,
      'Start as another user, or make the account: useradd --system --user-group postgres',
      { cause: error },
    )
  }
}

async function findAccount(): Promise<ServerAccount | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    // `id` answers 1 for an account that is not there: the caller makes it.
    return undefined
  }
}

/** Whether every folder above `path` lets the account through. */
async function mayEnter(account: ServerAccount, path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { uid, gid, mode } = await stat(folder)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** Gives a folder to the server's account, where there is one. */
export async function giveTo(account: ServerAccount | undefined, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid)
}
