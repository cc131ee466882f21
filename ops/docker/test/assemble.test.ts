import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { silentLog } from '@movieverse/kit/log'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@movieverse/kit/postgres/embedded'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCompose } from '../../distributed/compose.ts'
import { placeEntries } from '../../distributed/placement.ts'
import { createTopology, type Topology } from '../../distributed/topology.ts'
import { inherited } from '../../e2e/env.ts'
import { freePorts } from '../../e2e/ground.ts'
import { ask } from '../../e2e/platform.ts'
import { writeSecrets } from '../../secrets/secrets.ts'

const services = ['auth', 'users', 'movies', 'reviews', 'metadata', 'platform']
let folder: string
let app: string
let server: EmbeddedPostgres | undefined
let topology: Topology | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movieverse-app-'))
  app = join(folder, 'app')
  execFileSync(process.execPath, ['ops/docker/assemble.mjs', app], { stdio: 'pipe' })
}, 600_000)
afterAll(async () => {
  await topology?.stop()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
}, 120_000)

test('a container’s folder has what programs run by and nothing to develop with', () => {
  expect(readdirSync(app).sort()).toEqual([
    'dist',
    'gateway',
    'node_modules',
    'ops',
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    'prisma',
    'schema',
    'subgraphs',
  ])
  const sources = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter(
    (file) => !file.includes('node_modules') && /\.(ts|prisma)$|(^|\/)\.env/.test(file),
  )
  expect(sources).toEqual([])
  for (const tool of [
    'vitest',
    'typescript',
    'esbuild',
    'knip',
    '@biomejs',
    'prisma',
    'monaco-editor',
    'node',
  ])
    expect(existsSync(join(app, 'node_modules', tool)), tool).toBe(false)
})

test('every image’s program runs in it, with production packages alone', async () => {
  server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), log: silentLog })
  const databases: Record<string, string> = {}
  for (const service of services) {
    await server.createDatabase(service)
    databases[`DATABASE_URL_${service.toUpperCase()}`] = server.url(service)
  }
  const secrets = join(folder, 'secrets')
  await writeSecrets(secrets)
  const project = await readCompose('docker-compose.yml', {
    ...parseEnv(await readFile(secrets, 'utf8')),
    ...databases,
    ...{
      KAFKA_BROKERS: '',
      RABBITMQ_URL: '',
      REDIS_URL: '',
      S3_ENDPOINT: '',
      SAMPLE: 'none',
      LOG_LEVEL: 'warn',
    },
  })
  // One of each is enough here, and leaves the built-in server connections; nginx is no part of the folder.
  const entries = new Map(
    [...project.entries]
      .filter(([name]) => name !== 'nginx')
      .map(([name, entry]) => [name, { ...entry, deploy: { replicas: 1 } }]),
  )
  const placed = placeEntries({ ...project, entries }, { basePort: await freePorts(), folder })
  topology = createTopology(placed, { root: app, folder, inherited })
  await topology.start()
  const gateway = placed.find(({ name }) => name === 'gateway')
  const { data, errors } = await ask(
    `${gateway?.origin}/graphql`,
    '{ movies { totalCount } genres { id } user(username: "nobody") { id } }',
  )
  expect(errors).toBeUndefined()
  expect(data).toEqual({ movies: { totalCount: 0 }, genres: [], user: null })
}, 600_000)
