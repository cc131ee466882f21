import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { StartupError } from '@movieverse/kit/errors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { isInstalled } from '../../e2e/installed.ts'
import nodeFlags from '../../node-flags.json' with { type: 'json' }
import { writeSecrets } from '../../secrets/secrets.ts'
import { type ComposeProject, readCompose } from '../compose.ts'
import { placeEntries } from '../placement.ts'

const file = 'docker-compose.yml'
let folder: string
let secrets: Record<string, string | undefined>
let project: ComposeProject
/** What the file says besides what processes are started by. */
let raw: {
  services: Record<string, Record<string, unknown> & { deploy?: { resources?: { limits?: object } } }>
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movieverse-compose-'))
  await writeSecrets(join(folder, '.env'))
  secrets = parseEnv(await readFile(join(folder, '.env'), 'utf8'))
  project = await readCompose(file, secrets)
  raw = parse(readFileSync(file, 'utf8'), { merge: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const own = () => [...project.entries].filter(([, { build }]) => build)
const dockerfile = readFileSync('ops/docker/Dockerfile', 'utf8')

describe('docker-compose.yml', () => {
  test('depends on nothing that it does not have', async () => {
    const broken = join(folder, 'broken.yml')
    const { writeFile } = await import('node:fs/promises')
    await writeFile(
      broken,
      'name: x\nservices:\n  a:\n    depends_on:\n      b: { condition: service_started }\n',
    )
    await expect(readCompose(broken, {})).rejects.toThrow('a depends on b, which')
  })

  test('holds no secret: without .env it asks for it', async () => {
    await expect(readCompose(file, {})).rejects.toThrow('npm run secrets')
    const values = own().flatMap(([, { environment }]) => Object.entries(environment))
    const sensitive = values.filter(([name]) => /PASSWORD|SECRET|_KEY$|^TLS_/.test(name))
    expect(sensitive.length).toBeGreaterThan(10)
    for (const [, value] of sensitive) expect(Object.values(secrets)).toContain(value)
  })

  test('pins every image', () => {
    for (const [name, { image = '', build }] of project.entries) {
      if (!build) expect(image, name).toMatch(/:(?!latest)[\w.-]*\d[\w.-]*$/)
    }
    const { catalog } = parse(readFileSync('pnpm-workspace.yaml', 'utf8')) as {
      catalog: Record<string, string>
    }
    expect(dockerfile).toContain(`ARG NODE=node:${catalog.node}-bookworm-slim\n`)
  })

  test('publishes nginx alone', () => {
    const published = Object.entries(raw.services).filter(([, service]) => service.ports !== undefined)
    expect(published.map(([name]) => name)).toEqual(['nginx'])
    const outside = [...project.entries].filter(([, { networks }]) => networks.includes('published'))
    expect(outside.map(([name]) => name)).toEqual(['nginx'])
    const atGateways = [...project.entries].filter(([, { networks }]) => networks.includes('front'))
    expect(atGateways.map(([name]) => name)).toEqual(['gateway', 'nginx'])
  })

  test('gives our processes no more than they need', () => {
    for (const [name] of own()) {
      expect(raw.services[name], name).toMatchObject({
        user: '1000:1000',
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        tmpfs: [expect.stringContaining('/tmp')],
      })
    }
    for (const [name, service] of Object.entries(raw.services)) {
      const once = ['minio-bucket'].includes(name)
      if (!once)
        expect(Object.keys(service.deploy?.resources?.limits ?? {}), name).toEqual(['cpus', 'memory', 'pids'])
    }
  })

  test('checks the health of all that stays, and waits for it', () => {
    for (const [name, { healthcheck, restart, depends_on }] of project.entries) {
      expect(healthcheck !== undefined, name).toBe(restart !== 'no')
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const ends = project.entries.get(other)?.restart === 'no'
        expect(condition, `${name} → ${other}`).toBe(
          ends ? 'service_completed_successfully' : 'service_healthy',
        )
      }
    }
  })

  test('runs what the images run, with the flags that the programs have elsewhere', () => {
    for (const [name, { build, command }] of own()) {
      const [, stage = ''] = dockerfile.split(`AS ${build?.target}\n`)
      const cmd = /^CMD (\[.*\])$/m.exec(stage.split(/^FROM /m)[0] ?? '')?.[1] ?? 'null'
      expect(JSON.parse(cmd), name).toEqual(command)
    }
    expect(project.entries.get('gateway')?.command).toEqual(['node', ...nodeFlags.gateway, 'dist/gateway.js'])
  })

  test('is for every service of the supergraph, each of its processes by its name', () => {
    const supergraph = readFileSync('schema/supergraph.graphql', 'utf8')
    const names = [...supergraph.matchAll(/@join__graph\(name: "([\w-]+)"/g)].map(([, name = '']) => name)
    const { environment = {} } = project.entries.get('gateway') ?? {}
    for (const name of names) {
      const { replicas = 0 } = project.entries.get(name)?.deploy ?? {}
      const addresses = Array.from(
        { length: replicas },
        (_, index) => `http://movieverse-${name}-${index + 1}:4000/graphql`,
      )
      expect(environment[`SUBGRAPH_URL_${name.toUpperCase()}`]).toBe(addresses.join(','))
    }
    expect(names.length).toBeGreaterThan(4)
  })
})

describe('processes of this machine', () => {
  const engines = {
    DATABASE_URL_AUTH: 'postgres://127.0.0.1:1/auth',
    DATABASE_URL_USERS: 'postgres://127.0.0.1:1/users',
    DATABASE_URL_REVIEWS: 'postgres://127.0.0.1:1/reviews',
    DATABASE_URL_MOVIES: 'mysql://127.0.0.1:2/movies',
    DATABASE_URL_METADATA: 'mongodb://127.0.0.1:3/metadata',
    KAFKA_BROKERS: '127.0.0.1:4',
    RABBITMQ_URL: 'amqp://127.0.0.1:5',
    REDIS_URL: '',
    S3_ENDPOINT: 'http://127.0.0.1:6',
  }
  const place = async (variables: object) =>
    placeEntries(await readCompose(file, { ...secrets, ...variables }), {
      basePort: 5000,
      folder: '/run/here',
    })

  test('have a port each, know each other’s, and stand on the engines of the environment', async () => {
    const placed = await place({ ...engines, HTTPS_PORT: '4443' })
    const ports = placed.flatMap(({ environment: { PORT, HTTPS_PORT } }) =>
      [PORT ?? [], HTTPS_PORT ?? []].flat(),
    )
    expect(new Set(ports).size).toBe(ports.length)
    const reviews = placed.filter(({ entry }) => entry === 'reviews')
    const gateway = placed.find(({ name }) => name === 'gateway-2')
    const nginx = placed.find(({ name }) => name === 'nginx')
    expect(reviews.map(({ name }) => name)).toEqual(['reviews-1', 'reviews-2'])
    expect(gateway?.environment.SUBGRAPH_URL_REVIEWS).toBe(
      reviews.map(({ origin }) => `${origin}/graphql`).join(','),
    )
    expect(nginx?.environment.GATEWAYS?.split(',')).toContain(gateway?.origin?.replace('http://', ''))
    expect(nginx?.environment).toMatchObject({
      PORT: '8080',
      HTTPS_PORT: '4443',
      NGINX_DIR: '/run/here/processes/nginx/nginx',
    })
    expect(reviews[0]?.environment).toMatchObject({
      HOST: '127.0.0.1',
      DATABASE_URL_REVIEWS: engines.DATABASE_URL_REVIEWS,
      KAFKA_BROKERS: engines.KAFKA_BROKERS,
      REDIS_URL: '',
    })
    expect(placed.find(({ name }) => name === 'seed')?.environment.DATA_DIR).toBe('/run/here/volumes/seed')
  })

  test('are not started while it is not known where an engine is', async () => {
    const { KAFKA_BROKERS: _, ...others } = engines
    await expect(place(others)).rejects.toThrow(StartupError)
    await expect(place(others)).rejects.toThrow('Where kafka can be reached is not known.')
  })
})

if (isInstalled('go')) {
  test('a compose implementation reads the file as the launcher does', async () => {
    const program = join(folder, 'validate')
    execFileSync('go', ['build', '-o', program, '.'], { cwd: 'ops/docker/validate' })
    const answer = execFileSync(program, [file], {
      env: { ...secrets },
      encoding: 'utf8',
      maxBuffer: 10_000_000,
    })
    const theirs = JSON.parse(answer) as { name: string; services: Record<string, object> }
    expect(theirs.name).toBe(project.name)
    expect(Object.keys(theirs.services).sort()).toEqual([...project.entries.keys()].sort())
    for (const [name, entry] of project.entries) {
      const { command = null, environment, healthcheck } = entry
      const their = theirs.services[name] as {
        command: unknown
        environment: unknown
        depends_on?: object
        deploy?: { replicas?: number }
        healthcheck?: { test: unknown }
      }
      expect(their.command, name).toEqual(command)
      expect(their.environment ?? {}, name).toEqual(environment)
      expect(Object.keys(their.depends_on ?? {}).sort(), name).toEqual(Object.keys(entry.depends_on).sort())
      expect(their.deploy?.replicas ?? 1, name).toBe(entry.deploy.replicas)
      expect(their.healthcheck?.test, name).toEqual(healthcheck?.test)
    }
  }, 120_000)
}
