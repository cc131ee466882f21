import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuthSubgraph } from '@movieverse/auth'
import { randomPassword } from '@movieverse/auth/administration'
import { folderFault } from '@movieverse/kit/data-folder'
import type { Log } from '@movieverse/kit/log'
import { createLoader, loadsFolder } from '../load/loader.ts'
import { openStores } from '../load/open.ts'
import { createProgress } from '../load/progress.ts'
import { createImporters } from '../load/stores.ts'

/** Accounts to try the platform with. They come with the sample and never without it. */
export const demoAccounts = [
  { username: 'demo', password: 'popcorn-and-lights-out' },
  { username: 'critic', password: 'two-thumbs-half-a-star' },
] as const

type Administration = AuthSubgraph['administration']

/**
 * Makes the administrator `admin` when there is none.
 * @param password default: a random one, known nowhere else
 * @returns the password, when it was needed
 */
export async function ensureAdministrator(
  administration: Administration,
  password: string = randomPassword(),
): Promise<string | undefined> {
  if (await administration.hasAdministrator()) return undefined
  await administration.createAdministrator({ username: 'admin', email: 'admin@movieverse.invalid', password })
  return password
}

export interface SampleOptions {
  readonly dataDir: string
  readonly urlOf: (service: string) => string
  readonly administration: Administration
  readonly log: Log
}

/** Loads the sample unless it is there, and makes the demo accounts once: who deletes them does not get them again. */
export async function ensureSample({ dataDir, urlOf, administration, log }: SampleOptions): Promise<void> {
  const marker = join(dataDir, 'sample-loaded')
  if (existsSync(marker)) return
  const stores = await openStores(urlOf, log)
  try {
    const loader = createLoader({
      importers: createImporters(stores),
      stateFolder: loadsFolder(dataDir),
      progress: createProgress(process.stderr),
    })
    await loader.loadSample('ops/sample/data')
  } catch (error) {
    throw folderFault(error, dataDir) ?? error
  } finally {
    await stores.close()
  }
  await writeFile(marker, '')
  for (const { username, password } of demoAccounts) {
    await administration.createAccount({ username, email: `${username}@movieverse.invalid`, password })
  }
}
