import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTrustedDocuments } from '../src/documents/trusted.ts'
import { buildGraphiql } from '../src/graphiql/build.mjs'
import { createGraphiQL } from '../src/graphiql/graphiql.ts'
import { type RunningGateway, startGateway } from './running.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
let folder: string
let subgraphs: Subgraphs
let running: RunningGateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graphiql-'))
  await buildGraphiql(folder)
  subgraphs = await startSubgraphs({
    echo: { sdl: 'type Query { echo: String }', resolvers: { Query: { echo: () => 'e' } } },
  })
  const trusted = await readTrustedDocuments('schema/operations')
  running = await startGateway(subgraphs.supergraph, { graphiql: await createGraphiQL(folder, trusted) })
})
afterAll(async () => {
  await running?.close()
  await subgraphs?.close()
  await rm(folder, { recursive: true })
})

const get = (path: string, headers: Record<string, string> = browser) =>
  fetch(running.origin + path, { headers })

describe('GraphiQL', () => {
  it.each(['/', '/graphql'])('is at %s for browsers', async (path) => {
    const page = await get(path)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    const html = await page.text()
    expect(html).toContain('query Film(')
    expect(html).toContain('query Home(')
  })

  it('runs no script but its own files, and asks nobody else for anything', async () => {
    const page = await get('/')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/script-src[^;]*unsafe/)
    expect(policy).not.toContain('http')
    const html = await page.text()
    const scripts = [...html.matchAll(/<script([^>]*)>/g)].map((match) => match[1] ?? '')
    expect(scripts.every((attributes) => /application\/json|src="\/graphiql\//.test(attributes))).toBe(true)
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
  })

  it('has every file that its page names, packed for those who take that', async () => {
    const html = await (await get('/')).text()
    const files = [...new Set(html.match(/\/graphiql\/[\w.-]+\.(js|css)/g))]
    expect(files).toHaveLength(5)
    for (const file of files) {
      const plain = await get(file, { 'accept-encoding': 'identity' })
      const packed = await get(file, { 'accept-encoding': 'gzip' })
      expect([plain.status, packed.status, packed.headers.get('content-encoding')]).toEqual([
        200,
        200,
        'gzip',
      ])
      expect(packed.headers.get('cache-control')).toContain('immutable')
      expect(packed.headers.get('content-type')).toMatch(/^text\/(javascript|css)/)
      expect(await packed.text()).toBe(await plain.text())
    }
  })

  it('gives no other file', async () => {
    for (const path of [
      '/graphiql/manifest.json',
      '/graphiql/../package.json',
      '/graphiql/%2e%2e%2fpackage.json',
      '/graphiql/',
    ])
      expect((await get(path)).status).toBe(404)
  })

  it('leaves the endpoint to those who ask for JSON', async () => {
    const answer = await get('/graphql?query={echo}', { accept: 'application/json' })
    expect(await answer.json()).toEqual({ data: { echo: 'e' } })
  })
})
