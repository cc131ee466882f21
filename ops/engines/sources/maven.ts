import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { reasonOf, StartupError } from '@movieverse/kit/errors'
import type { Source } from '../engine.ts'
import { readEnginesSettings } from '../env.ts'
import { buildOnce, digestOf } from './cache.ts'
import { findJava } from './java.ts'
import { findProgram, run } from './run.ts'

export interface JarsOptions {
  /** Names its folder beside the engine's file (pom.xml, launcher) and in the cache. */
  readonly name: string
  /** Goes into the pom as the property `engine.version`. */
  readonly version: string
  /** The oldest Java that runs it. */
  readonly java: number
}

/** A server made of the jars of Maven Central, with the launcher of ours where it has no main class. */
export interface Jars extends Source {
  /**
   * The command that runs a main class of it.
   * @param flags options of the virtual machine
   */
  command(flags: readonly string[], main: readonly string[]): Promise<{ file: string; args: string[] }>
}

/**
 * `ops/engines/<name>/pom.xml` says which jars: its `package` phase leaves them in `target/lib`. Java sources beside it
 * are compiled: those under `stand-ins` first, since the jars refer to them.
 */
export function jarsOf({ name, version, java }: JarsOptions): Jars {
  const sources = resolve('ops/engines', name)
  const about = `${name} ${version} of Maven Central`
  const cached = async (): Promise<string> =>
    join(readEnginesSettings().cacheFolder, `${name}-${version}-${await digestOf(sources)}`)
  return {
    about,
    isThere: async () => existsSync(await cached()),
    async install(say) {
      const folder = await cached()
      if (existsSync(folder)) return
      const { javac } = findJava(java)
      if (!findProgram('mvn')) {
        throw new StartupError(
          'NOT_INSTALLED',
          'Maven is not installed.',
          'Install it: apt-get install --no-install-recommends maven',
        )
      }
      say(`${name}: jars from Maven Central …`)
      await buildOnce(folder, (into) => build({ sources, version, javac, into })).catch((error: unknown) => {
        throw new StartupError(
          'NOT_INSTALLED',
          `${about} could not be made: ${reasonOf(error)}`,
          'Check that Maven reaches its repository, then install again.',
          { cause: error },
        )
      })
    },
    async command(flags, main) {
      const folder = await cached()
      const classPath = ['lib/*', 'classes'].map((part) => join(folder, part)).join(':')
      return { file: findJava(java).java, args: [...flags, '-cp', classPath, ...main] }
    },
  }
}

interface BuildOptions {
  readonly sources: string
  readonly version: string
  readonly javac: string
  readonly into: string
}

async function build({ sources, version, javac, into }: BuildOptions): Promise<void> {
  await cp(sources, into, { recursive: true })
  await run('mvn', ['-B', '-q', `-Dengine.version=${version}`, 'package'], { cwd: into })
  const [lib, classes] = [join(into, 'lib'), join(into, 'classes')]
  await cp(join(into, 'target/lib'), lib, { recursive: true })
  await rm(join(into, 'target'), { recursive: true })
  await mkdir(classes)
  const files = (await readdir(into, { recursive: true })).filter((file) => file.endsWith('.java'))
  if (files.length === 0) return
  await run(javac, ['-d', classes, '-cp', `${lib}/*`, ...files], { cwd: into })
}
