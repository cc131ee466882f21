import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpEntityReader, createLocalEntityReader } from '@movieverse/kit/entities'
import { createLocalExecutor } from '@movieverse/kit/graphql/local'
import {
  createIdentityKey,
  createIdentitySigner,
  identityHeader,
  loadIdentityKey,
} from '@movieverse/kit/identity'
import { createLifecycle } from '@movieverse/kit/lifecycle'
import { silentLog } from '@movieverse/kit/log'
import { isOutage } from '@movieverse/kit/outage'
import { startService } from '@movieverse/kit/service'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createShelf } from './shelf.ts'

const viewer = { userId: 7, username: 'ann', roles: ['user'], sessionId: 's1' } as const
const lifecycle = createLifecycle(silentLog)
const shelf = {
  name: 'shelf',
  create: () => createShelf(),
  documents: () => ({ '/.well-known/books.json': async () => ({ books: 5 }) }),
}
const signer = { ours: await createIdentityKey(), theirs: await createIdentityKey() }
let folder: string
let origin: string
/** What the service is started with. */
let environment: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movieverse-service-'))
  const [own, shared] = await Promise.all([createTestDatabase('kit'), createTestDatabase('kit')])
  lifecycle.onStop('databases', () => Promise.all([own.close(), shared.close()]))
  await writeFile(
    join(folder, 'supergraph.graphql'),
    'enum join__Graph { SHELF @join__graph(name: "shelf", url: "http://127.0.0.1:1/graphql") }',
  )
  environment = {
    DATA_DIR: folder,
    PORT: '0',
    LOG_LEVEL: 'silent',
    SUPERGRAPH: join(folder, 'supergraph.graphql'),
    DATABASE_URL_SHELF: own.url,
    DATABASE_URL_PLATFORM: shared.url,
  }
  const { port } = await startService(shelf, lifecycle, environment)
  origin = `http://127.0.0.1:${port}`
  signer.ours = await loadIdentityKey(join(folder, 'keys', 'identity.json'))
})
afterAll(async () => {
  expect(await lifecycle.stop()).toEqual([])
  await rm(folder, { recursive: true, force: true })
})

async function ask(query: string, headers: Record<string, string> = {}, body?: string) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body ?? JSON.stringify({ query }),
  })
  const answer = (await response.json()) as {
    data?: unknown
    errors?: { message: string; extensions: { code: string; requestId?: string } }[]
  }
  return { status: response.status, ...answer, code: answer.errors?.[0]?.extensions.code }
}

async function signed(audience = 'shelf', key = signer.ours, identity: object = {}) {
  const who = { viewer: null, service: undefined, ...identity }
  return { [identityHeader]: await createIdentitySigner(key).sign(audience, who) }
}

describe('a service', () => {
  test.each([
    '{ book(id: 1) { title } }',
    '{ _service { sdl } }',
    '{ _entities(representations: []) { __typename } }',
  ])('answers %s to nobody without an identity', async (query) => {
    expect(await ask(query)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    expect(await ask(query, { [identityHeader]: 'x.y.z' })).toMatchObject({ status: 401 })
    expect(await ask(query, { authorization: 'Bearer x' })).toMatchObject({ status: 401 })
  })

  test('refuses an identity for another service, or of another platform', async () => {
    expect(await ask('{ book(id: 1) { title } }', await signed('reviews'))).toMatchObject({ status: 401 })
    expect(await ask('{ book(id: 1) { title } }', await signed('shelf', signer.theirs))).toMatchObject({
      status: 401,
    })
  })

  test('answers the gateway, on behalf of its client', async () => {
    const client = await signed('shelf', signer.ours, { viewer })
    expect(await ask('{ book(id: 1) { title } reader { id } }', client)).toMatchObject({
      status: 200,
      data: { book: { title: 'Amber' }, reader: { id: '7' } },
    })
    expect(await ask('{ reader { id } }', await signed())).toMatchObject({
      status: 200,
      data: { reader: null },
      code: 'UNAUTHENTICATED',
    })
  })

  test('masks bugs, with the request id of the gateway', async () => {
    const answer = await ask('{ broken }', { ...(await signed()), 'x-request-id': 'request-12345' })
    expect(answer).toMatchObject({ data: { broken: null }, code: 'INTERNAL_SERVER_ERROR' })
    expect(answer.errors?.[0]?.extensions.requestId).toBe('request-12345')
    expect(JSON.stringify(answer)).not.toMatch(/postgresql|secret|stack/)
  })

  test.each([
    ['{ book(id: 1) { title ', 'GRAPHQL_PARSE_FAILED'],
    ['{ book(id: 1) { isbn } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query ($id: ID!) { book(id: $id) { title } }', 'BAD_USER_INPUT'],
  ])('refuses %s', async (query, code) => {
    expect(await ask(query, await signed())).toMatchObject({ status: 400, code })
  })

  test('refuses what is not JSON, too large, not POST, or introspection', async () => {
    const headers = await signed()
    expect(await ask('', headers, '{"query"')).toMatchObject({ status: 400, code: 'BAD_REQUEST' })
    expect(await ask('', headers, JSON.stringify({ query: ' '.repeat(4_000_001) }))).toMatchObject({
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    })
    expect((await fetch(`${origin}/graphql?query={__typename}`, { headers })).status).toBe(405)
    expect(await ask('{ __schema { queryType { name } } }', headers)).toMatchObject({ status: 400 })
    expect((await fetch(`${origin}/elsewhere`)).status).toBe(404)
  })

  test('tells its health, its figures and its public documents to anyone', async () => {
    const get = async (path: string) => (await fetch(`${origin}${path}`)).text()
    expect(JSON.parse(await get('/healthz'))).toEqual({ alive: true })
    expect(JSON.parse(await get('/readyz'))).toEqual({
      ready: true,
      checks: { bus: 'ok', jobs: 'ok', clock: 'ok', room: 'ok' },
    })
    expect(await get('/metrics')).toContain('process_cpu_user_seconds_total')
    expect(JSON.parse(await get('/.well-known/books.json'))).toEqual({ books: 5 })
  })

  test('that stops is not ready from then on, still answers for as long as it was told, and then is gone', async () => {
    const own = createLifecycle(silentLog)
    const { port } = await startService(shelf, own, { ...environment, DRAIN_MS: '1500' })
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    expect((await get('/readyz')).status).toBe(200)
    const stopped = own.stop()
    const red = await get('/readyz')
    expect([red.status, await red.json()]).toEqual([503, { ready: false, checks: { process: 'stopping' } }])
    const answer = await get('/.well-known/books.json')
    expect(await answer.json()).toEqual({ books: 5 })
    expect(await stopped).toEqual([])
    await expect(get('/healthz')).rejects.toThrow()
  })

  test('keeps the platform’s key from other accounts', async () => {
    expect((await stat(join(folder, 'keys', 'identity.json'))).mode & 0o777).toBe(0o600)
  })
})

describe('entities are read by a service', () => {
  const readers = () => ({
    local: createLocalEntityReader(
      'search',
      new Map([['shelf', createLocalExecutor(createShelf().schema, { log: silentLog })]]),
    ),
    'over HTTP': createHttpEntityReader({
      service: 'search',
      signer: createIdentitySigner(signer.ours),
      // The first is nobody's: its turn is passed over.
      addresses: (name) => (name === 'shelf' ? ['http://127.0.0.1:1/graphql', `${origin}/graphql`] : []),
    }),
  })

  test.each(['local', 'over HTTP'] as const)('%s, in order, with what clients may not see', async (kind) => {
    const reader = readers()[kind]
    const books = await reader.read<{ title: string; price: number }>(
      'shelf',
      'Book',
      [2, 99, '1'],
      'title price',
    )
    expect(JSON.parse(JSON.stringify(books))).toEqual([
      { title: 'Birch', price: 9 },
      null,
      { title: 'Amber', price: 9 },
    ])
    expect(await reader.read('shelf', 'Book', [], 'title')).toEqual([])
  })

  test('over HTTP, from whichever of the owner’s processes answers; that none does is an outage', async () => {
    const reader = (...urls: string[]) =>
      createHttpEntityReader({
        service: 'search',
        signer: createIdentitySigner(signer.ours),
        addresses: () => urls,
      })
    const gone = 'http://127.0.0.1:1/graphql'
    for (const urls of [
      [gone, `${origin}/graphql`],
      [`${origin}/graphql`, gone],
    ])
      for (let time = 0; time < 3; time++)
        expect(await reader(...urls).read('shelf', 'Book', [2], 'title')).toEqual([{ title: 'Birch' }])
    const failure = await reader(gone, gone)
      .read('shelf', 'Book', [2], 'title')
      .catch((error: unknown) => error)
    expect(isOutage(failure)).toBe(true)
    const refusal = await reader(`${origin}/elsewhere`)
      .read('shelf', 'Book', [2], 'title')
      .catch((error: unknown) => error)
    expect([isOutage(refusal), String(refusal)]).toEqual([false, expect.stringContaining('404')])
  })

  test.each(['local', 'over HTTP'] as const)('%s, and a failure rejects', async (kind) => {
    const reader = readers()[kind]
    await expect(reader.read('shelf', 'Book', [1], 'isbn')).rejects.toThrow('shelf')
    await expect(reader.read('library', 'Book', [1], 'title')).rejects.toThrow('library')
  })
})
