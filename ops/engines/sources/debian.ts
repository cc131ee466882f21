import { reasonOf, StartupError } from '@movieverse/kit/errors'
import type { Source } from '../engine.ts'
import { alone } from '../lock.ts'
import { run } from './run.ts'

/** An engine of a package of Debian, and how one sees that it is there. */
export function debianPackage(name: string, isThere: () => boolean): Source {
  return {
    about: `${name} of Debian`,
    isThere: async () => isThere(),
    async install(say) {
      if (isThere()) return
      const command = `apt-get install --no-install-recommends ${name}`
      if (process.getuid?.() !== 0) {
        throw new StartupError('NOT_INSTALLED', `${name} is not installed.`, `Install it: sudo ${command}`)
      }
      say(`${name}: ${command}`)
      try {
        await alone('apt', () => aptInstall(name))
      } catch (error) {
        throw new StartupError(
          'NOT_INSTALLED',
          `${name} could not be installed: ${reasonOf(error)}`,
          `Install it by hand: ${command}`,
          { cause: error },
        )
      }
    },
  }
}

async function aptInstall(name: string): Promise<void> {
  const options = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=300']
  // RUNLEVEL: invoke-rc.d starts no service of the system beside the set's own.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const install = () => run('apt-get', [...options, 'install', '--no-install-recommends', name], { env })
  try {
    await install()
  } catch {
    // The lists may be missing (a fresh container) or old.
    await run('apt-get', [...options, 'update'], { env })
    await install()
  }
}
