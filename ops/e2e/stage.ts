import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseEnv, promisify } from 'node:util'
import { freePort } from '@movieverse/kit/ports'
import { readCompose } from '../distributed/compose.ts'
import { type PlacedProcess, placeEntries } from '../distributed/placement.ts'
import { createTopology, type Topology } from '../distributed/topology.ts'
import nodeFlags from '../node-flags.json' with { type: 'json' }
import { writeSecrets } from '../secrets/secrets.ts'
import { inherited } from './env.ts'
import { freePorts, type Ground, openGround, type Profile } from './ground.ts'

/** A platform on a ground of its own. Each process is started again when it ends. */
export interface Stage {
  /** The GraphQL endpoint. */
  readonly url: string
  readonly ground: Ground
  readonly topology: Topology
  /** Makes a member an administrator; effective at the next sign-in. */
  grant(username: string): Promise<void>
  close(): Promise<void>
}

/** A program of the bundle. */
export const bundled = (name: string) => join('dist', `${name}.js`)

export interface StageOptions {
  readonly profile: Profile
  /** One process, or every process of docker-compose.yml behind nginx. */
  readonly topology: 'standalone' | 'distributed'
  /** What else every process of the platform reads. */
  readonly settings?: Readonly<Record<string, string>>
  /** Megabytes of the disks that engines have to themselves, see `openGround`. */
  readonly disks?: Readonly<Record<string, number>> | undefined
  /** Changes a process of the platform before it is started for the first time. */
  readonly alter?: ((process: PlacedProcess, ground: Ground) => PlacedProcess) | undefined
  /** Processes beside the platform's, started after them. */
  readonly beside?: (ground: Ground) => Promise<readonly PlacedProcess[]>
}

/** Opens a stage. @throws Error when a process cannot be brought up; nothing is left running then */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { profile, topology: kind, settings, disks, alter = (process) => process, beside } = options
  const ground = await openGround(profile, { settings, disks })
  let topology: Topology | undefined
  const close = async () => {
    await topology?.stop()
    await ground.close()
  }
  try {
    const { placed, url } = kind === 'standalone' ? await standalone(ground) : await distributed(ground)
    const others = (await beside?.(ground)) ?? []
    // What consumes comes after what tells.
    const dependsOn = new Map(placed.map(({ entry }) => [entry, 'service_healthy' as const]))
    const platform = placed.map((process) => alter(process, ground))
    topology = createTopology([...platform, ...others.map((one) => ({ ...one, dependsOn }))], {
      root: process.cwd(),
      folder: ground.folder,
      inherited,
    })
    await topology.start()
    return { url, ground, topology, close, grant: (username) => grant(ground, username) }
  } catch (error) {
    await close()
    throw error
  }
}

const health = {
  test: ['CMD', 'node', 'ops/docker/health.mjs'],
  interval: 2_000,
  timeout: 5_000,
  retries: 3,
  start_period: 60_000,
  start_interval: 250,
}

/** Node's arguments → a process that is kept running, healthy when `/readyz` on its own port says so. */
export async function placeProgram(
  name: string,
  { args, environment }: { readonly args: readonly string[]; readonly environment: Ground['environment'] },
): Promise<PlacedProcess> {
  const PORT = String(await freePort())
  return {
    name,
    entry: name,
    command: ['node', ...args],
    environment: { ...environment, PORT },
    health,
    restart: 'always',
    stopGraceMs: 20_000,
    rollSignal: undefined,
    dependsOn: new Map(),
    origin: `http://127.0.0.1:${PORT}`,
  }
}

async function standalone({ environment }: Ground) {
  const args = [...nodeFlags.standalone, bundled('standalone')]
  const platform = await placeProgram('standalone', { args, environment })
  return { placed: [platform], url: `${platform.origin}/graphql` }
}

async function distributed({ environment, folder }: Ground) {
  const secrets = join(folder, 'secrets')
  await writeSecrets(secrets)
  const HTTPS_PORT = String(await freePort())
  const ports = { HTTPS_PORT, HTTP_PORT: String(await freePort()) }
  const variables: Record<string, string | undefined> = {
    ...parseEnv(await readFile(secrets, 'utf8')),
    ...environment,
    ...ports,
  }
  // The certificate is this platform's own: it is trusted by this process alone.
  const certificate = Buffer.from(variables.TLS_CERTIFICATE ?? '', 'base64').toString()
  setDefaultCACertificates([...getCACertificates('default'), certificate])
  const project = await readCompose('docker-compose.yml', variables)
  await mkdir(join(folder, 'distributed'), { recursive: true })
  const placed = placeEntries(project, { basePort: await freePorts(), folder: join(folder, 'distributed') })
  return { placed, url: `https://localhost:${HTTPS_PORT}/graphql` }
}

async function grant({ environment }: Ground, username: string): Promise<void> {
  const env = { ...inherited, ...environment }
  await promisify(execFile)(process.execPath, [bundled('admin'), 'grant', username], { env })
}
