import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

/** Within the repository, so that the bundle finds the packages. */
let bundle: string
let folder: string
let file: string
let subgraphs: Subgraphs

beforeAll(async () => {
  await mkdir('dist', { recursive: true })
  bundle = await mkdtemp('dist/test-gateway-')
  await build({
    entryPoints: { gateway: 'gateway/src/index.ts' },
    outdir: bundle,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    plugins: [
      {
        name: 'packages-outside',
        setup({ onResolve }) {
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@movieverse/') ? null : { path, external: true },
          )
        },
      },
    ],
  })
  folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  file = join(folder, 'supergraph.graphql')
  subgraphs = await startSubgraphs({
    echo: {
      sdl: 'type Query { echo: String slow: String }',
      resolvers: {
        Query: {
          echo: () => 'e',
          slow: () => new Promise((resolve) => setTimeout(() => resolve('done'), 700)),
        },
      },
    },
  })
  await writeFile(file, subgraphs.supergraph)
})
afterAll(async () => {
  await subgraphs?.close()
  await rm(folder, { recursive: true })
  await rm(bundle, { recursive: true })
})

function run(...args: string[]): ChildProcess {
  return spawn(process.execPath, [`${bundle}/gateway.js`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function listening(program: ChildProcess): Promise<string> {
  if (!program.stdout) throw new Error('no output')
  for await (const line of createInterface({ input: program.stdout })) {
    const { msg = '' } = JSON.parse(line) as { msg?: string }
    if (msg.startsWith('listening on ')) {
      program.stdout.resume()
      return new URL(msg.slice('listening on '.length)).origin
    }
  }
  throw new Error('It never listened.')
}

const ask = (origin: string, query: string) =>
  fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })

async function failure(...args: string[]): Promise<{ code: number | null; message: string }> {
  const program = run(...args)
  program.stdout?.resume()
  const message = program.stderr ? text(program.stderr) : ''
  const [code] = (await once(program, 'exit')) as [number | null]
  return { code, message: await message }
}

describe('the gateway as a program', () => {
  it('serves a supergraph, says how it is, and ends requests in flight before it stops', async () => {
    const program = run('--supergraph', file, '--port', '0', '--no-auth', '--introspection')
    const origin = await listening(program)
    expect(await (await ask(origin, '{ echo __schema { queryType { name } } }')).json()).toEqual({
      data: { echo: 'e', __schema: { queryType: { name: 'Query' } } },
    })
    expect((await fetch(`${origin}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({
      ready: true,
      checks: { supergraph: 'ok', subgraphs: 'ok' },
    })
    const metrics = await (await fetch(`${origin}/metrics`)).text()
    expect(metrics).toMatch(/movieverse_gateway_request_seconds_count\{type="query",status="200"\} 1/)

    subgraphs.fetches.length = 0
    const slow = ask(origin, '{ slow }')
    await expect.poll(() => subgraphs.fetches.length).toBe(1)
    const exit = once(program, 'exit')
    program.kill('SIGTERM')
    const answer = await slow
    expect(await answer.json()).toEqual({ data: { slow: 'done' } })
    expect(await exit).toEqual([0, null])
  })

  it('takes up a changed supergraph while it runs', async () => {
    const changing = join(folder, 'changing.graphql')
    await writeFile(changing, subgraphs.supergraph)
    const program = run(
      '--supergraph',
      changing,
      '--port',
      '0',
      '--no-auth',
      '--introspection',
      '--planner',
      'apollo',
    )
    const origin = await listening(program)
    const fields = async () => (await ask(origin, '{ __type(name: "Query") { fields { name } } }')).text()
    expect(await fields()).toContain('echo')
    await writeFile(
      changing,
      subgraphs.supergraph.replaceAll(/\becho: String\b/g, 'echo: String @deprecated'),
    )
    await expect.poll(fields).not.toContain('echo')
    const exit = once(program, 'exit')
    program.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })

  it('says what is wrong and ends with an error', async () => {
    const missing = await failure('--supergraph', join(folder, 'nowhere.graphql'), '--no-auth')
    expect([missing.code, missing.message]).toEqual([1, expect.stringContaining('cannot be served')])
    const option = await failure('--no-such-option')
    expect([option.code, option.message]).toEqual([1, expect.stringContaining('usage:')])
    const { port } = new URL(subgraphs.origin)
    const taken = await failure('--supergraph', file, '--no-auth', '--port', port)
    expect([taken.code, taken.message]).toEqual([1, expect.stringContaining('is taken')])
    const nobodySigns = await failure('--supergraph', file, '--port', '0')
    expect([nobodySigns.code, nobodySigns.message]).toEqual([1, expect.stringContaining('--no-auth')])
  })
})
