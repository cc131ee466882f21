import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import { silentLog } from '@movieverse/kit/log'
import { createTestDatabase, type TestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTrustedDocuments, type TrustedDocuments } from '../src/documents/trusted.ts'
import { type Body, type RunningGateway, startGateway } from './running.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

const known = 'query Known($text: String) { echo(text: $text) }\n'
let folder: string
let database: TestDatabase
let cache: KeyValue
let trusted: TrustedDocuments
let subgraphs: Subgraphs
let running: RunningGateway

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'documents-'))
  await writeFile(join(folder, 'known.graphql'), known)
  await writeFile(join(folder, 'of-another-schema.graphql'), '{ nothing }')
  trusted = await readTrustedDocuments(folder)
  database = await createTestDatabase('kit')
  cache = await createPostgresKeyValue({ url: database.url, durable: false, log: silentLog })
  subgraphs = await startSubgraphs({
    echo: {
      sdl: 'type Query { echo(text: String): String }',
      resolvers: { Query: { echo: (_, { text }) => text ?? 'nothing' } },
    },
  })
  running = await startGateway(subgraphs.supergraph, { trusted, cache })
})
afterAll(async () => {
  await running?.close()
  await subgraphs?.close()
  await cache?.close()
  await database?.close()
  await rm(folder, { recursive: true })
})

const persisted = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } })
const read = async (answer: Response) => (await answer.json()) as Body

describe('a trusted document', () => {
  const id = hash('sha256', known)

  it.each([id, `sha256:${id}`])('runs by its id %s', async (documentId) => {
    expect(await read(await running.post({ documentId, variables: { text: 'a' } }))).toEqual({
      data: { echo: 'a' },
    })
  })

  it('runs by GET and by the hash of the persisted query protocol', async () => {
    const search = new URLSearchParams({ documentId: id, variables: '{"text":"b"}' })
    expect(await read(await fetch(`${running.url}?${search}`))).toEqual({ data: { echo: 'b' } })
    expect(await read(await running.post({ extensions: persisted(id) }))).toEqual({
      data: { echo: 'nothing' },
    })
  })

  it('is not there under another id', async () => {
    const { errors } = await read(await running.post({ documentId: 'unknown' }))
    expect(errors?.[0]?.extensions).toEqual({ code: 'PERSISTED_QUERY_NOT_FOUND' })
  })
})

describe('a document registered by its hash', () => {
  const query = '{ echo(text: "registered") }'
  const sha256 = hash('sha256', query)

  it('is asked for once and then known, also to another gateway', async () => {
    const { errors } = await read(await running.post({ extensions: persisted(sha256) }))
    expect(errors?.[0]).toMatchObject({
      message: 'PersistedQueryNotFound',
      extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' },
    })
    const data = { echo: 'registered' }
    expect(await read(await running.post({ query, extensions: persisted(sha256) }))).toEqual({ data })
    expect(await read(await running.post({ extensions: persisted(sha256) }))).toEqual({ data })
    const other = await startGateway(subgraphs.supergraph, { cache })
    await expect.poll(() => cache.get(`document:${sha256}`)).toBe(query)
    expect(await read(await other.post({ extensions: persisted(sha256) }))).toEqual({ data })
    await other.close()
  })

  it('is refused under the hash of another', async () => {
    const { errors } = await read(
      await running.post({ query: '{ __typename }', extensions: persisted(sha256) }),
    )
    expect(errors?.[0]?.extensions).toEqual({ code: 'PERSISTED_QUERY_MISMATCH' })
  })

  it('is not believed when the store holds something else under its hash', async () => {
    const wrong = hash('sha256', 'something')
    await cache.set(`document:${wrong}`, '{ echo(text: "planted") }')
    const { errors } = await read(await running.post({ extensions: persisted(wrong) }))
    expect(errors?.[0]?.extensions).toEqual({ code: 'PERSISTED_QUERY_NOT_FOUND' })
  })

  it.each([{ version: 2, sha256Hash: sha256 }, { version: 1 }, { version: 1, sha256Hash: '../x' }, 'x'])(
    'is refused in the form %o',
    async (persistedQuery) => {
      expect((await running.post({ extensions: { persistedQuery } })).status).toBe(400)
    },
  )
})

describe('a gateway of trusted documents only', () => {
  it('runs those and nothing else', async () => {
    const strict = await startGateway(subgraphs.supergraph, { trusted, cache, trustedOnly: true })
    expect((await strict.ask(known, { text: 'c' })).data).toEqual({ echo: 'c' })
    const query = '{ echo(text: "mine") }'
    for (const body of [
      { query },
      { query, extensions: persisted(hash('sha256', query)) },
      { extensions: persisted(hash('sha256', '{ echo(text: "registered") }')) },
    ])
      expect((await read(await strict.post(body))).errors?.[0]?.extensions).toEqual({
        code: 'UNTRUSTED_DOCUMENT',
      })
    await strict.close()
  })
})
