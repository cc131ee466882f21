import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import type { Source } from '../engine.ts'
import { readEnginesSettings } from '../env.ts'
import { buildOnce } from './cache.ts'
import { findProgram, run } from './run.ts'

/** A server that the Go client builds from its module. */
export interface GoProgram extends Source {
  readonly file: () => string
}

/** @param version of the module, as Go writes it */
export function goProgram(module: string, version: string): GoProgram {
  const name = basename(module)
  const folder = () => join(readEnginesSettings().cacheFolder, `${name}-${version}`)
  const file = () => join(folder(), name)
  const about = `${name} ${version} by go install`
  return {
    about,
    file,
    isThere: async () => existsSync(file()),
    async install(say) {
      if (existsSync(file())) return
      if (!findProgram('go')) {
        throw new StartupError(
          'NOT_INSTALLED',
          'Go is not installed.',
          'Install it: apt-get install golang, or go.dev/dl.',
        )
      }
      say(`${name}: go install (several minutes the first time) …`)
      await buildOnce(folder(), async (into) => {
        const bin = join(into, 'bin')
        await mkdir(bin)
        await run('go', ['install', `${module}@${version}`], { env: { GOBIN: bin } })
        await rename(join(bin, name), join(into, name))
      }).catch((error: unknown) => {
        throw new StartupError(
          'NOT_INSTALLED',
          `${about} could not be built: ${reasonOf(error)}`,
          'Check that the Go client reaches its proxy, then install again.',
          { cause: error },
        )
      })
    },
  }
}
