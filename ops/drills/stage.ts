import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseEnv, promisify } from 'node:util'
import { readCompose } from '../distributed/compose.ts'
import { type PlacedProcess, placeEntries } from '../distributed/placement.ts'
import { createTopology, type Topology } from '../distributed/topology.ts'
import { inherited } from '../e2e/env.ts'
import { freePort } from '../e2e/platform.ts'
import nodeFlags from '../node-flags.json' with { type: 'json' }
import { writeSecrets } from '../secrets/secrets.ts'
import type { DrillOptions } from './drill.ts'
import { freePorts, type Ground, openGround } from './ground.ts'

/** A platform on a ground of its own, with a witness beside it. All of it is started again when it ends. */
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
const bundled = (name: string) => join(dirname(process.argv[1] ?? ''), `${name}.js`)

/**
 * Opens a stage: standalone on the built-in PostgreSQL, every process of docker-compose.yml on the engines.
 * @param mutation a promise that the witness breaks
 */
export async function openStage(
  profile: DrillOptions['profile'],
  mutation: string | undefined,
): Promise<Stage> {
  const ground = await openGround(profile)
  let topology: Topology | undefined
  const close = async () => {
    await topology?.stop()
    await ground.close()
  }
  try {
    const { placed, url } = profile === 'embedded' ? await standalone(ground) : await distributed(ground)
    topology = createTopology([...placed, await witness(ground, { placed, mutation })], {
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

function ours(placed: Pick<PlacedProcess, 'name' | 'command' | 'environment' | 'dependsOn'>): PlacedProcess {
  const origin = `http://127.0.0.1:${placed.environment.PORT}`
  return {
    entry: placed.name,
    health,
    restart: 'always',
    stopGraceMs: 20_000,
    rollSignal: undefined,
    origin,
    ...placed,
  }
}

async function standalone({ environment }: Ground) {
  const PORT = String(await freePort())
  const platform = ours({
    name: 'standalone',
    command: ['node', ...nodeFlags.standalone, bundled('standalone')],
    environment: { ...environment, PORT },
    dependsOn: new Map(),
  })
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
  // The certificate is one of this drill's own: it is trusted by this process alone.
  const certificate = Buffer.from(variables.TLS_CERTIFICATE ?? '', 'base64').toString()
  setDefaultCACertificates([...getCACertificates('default'), certificate])
  const project = await readCompose('docker-compose.yml', variables)
  await mkdir(join(folder, 'distributed'), { recursive: true })
  const placed = placeEntries(project, { basePort: await freePorts(), folder: join(folder, 'distributed') })
  return { placed, url: `https://localhost:${HTTPS_PORT}/graphql` }
}

async function witness(
  { environment, notesUrl }: Ground,
  { placed, mutation }: { readonly placed: readonly PlacedProcess[]; readonly mutation: string | undefined },
): Promise<PlacedProcess> {
  return ours({
    name: 'witness',
    command: ['node', '--enable-source-maps', bundled('drill'), 'witness', notesUrl, mutation ?? ''],
    environment: { ...environment, PORT: String(await freePort()) },
    // After the platform: what it consumes is told by a platform that is up.
    dependsOn: new Map(placed.map(({ entry }) => [entry, 'service_healthy'])),
  })
}

async function grant({ environment }: Ground, username: string): Promise<void> {
  const env = { ...inherited, ...environment }
  await promisify(execFile)(process.execPath, [bundled('admin'), 'grant', username], { env })
}
