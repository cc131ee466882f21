import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { processEnv } from '@movieverse/kit/env'
import { StartupError } from '@movieverse/kit/errors'

/** The tools of one Java installation. */
interface Java {
  readonly java: string
  readonly javac: string
}

const jvmFolder = '/usr/lib/jvm'

/** The installed JDKs. `release` is a file of every JDK since 9 (JEP 223). */
function installed(): readonly { readonly home: string; readonly version: number }[] {
  const named = existsSync(jvmFolder) ? readdirSync(jvmFolder).map((name) => join(jvmFolder, name)) : []
  const homes = [...named, ...(processEnv.JAVA_HOME ? [processEnv.JAVA_HOME] : [])]
  return homes
    .filter((home) => existsSync(join(home, 'bin/javac')) && existsSync(join(home, 'release')))
    .map((home) => {
      const release = readFileSync(join(home, 'release'), 'utf8')
      return { home, version: Number(/JAVA_VERSION="(\d+)/.exec(release)?.[1] ?? 0) }
    })
}

/**
 * The oldest installed JDK that is new enough.
 * @throws StartupError NOT_INSTALLED
 */
export function findJava(minimum: number): Java {
  const [found] = installed()
    .filter(({ version }) => version >= minimum)
    .sort((a, b) => a.version - b.version)
  if (!found) {
    throw new StartupError(
      'NOT_INSTALLED',
      `There is no JDK ${minimum} or newer in ${jvmFolder} or JAVA_HOME.`,
      minimum <= 17
        ? 'Install it: apt-get install --no-install-recommends openjdk-17-jdk-headless'
        : 'Install the package temurin-25-jdk of adoptium.net, or point JAVA_HOME at a JDK of your own.',
    )
  }
  return { java: join(found.home, 'bin/java'), javac: join(found.home, 'bin/javac') }
}
