import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHttpServer } from '../src/http/server.ts'
import { codeOf, startEcho } from './echo.ts'
import { type Body, type RunningGateway, startGateway } from './running.ts'
import type { Subgraphs } from './subgraphs.ts'

let subgraphs: Subgraphs
let running: RunningGateway

beforeAll(async () => {
  subgraphs = await startEcho()
  running = await startGateway(subgraphs.supergraph)
})
afterAll(async () => {
  await running?.close()
  await subgraphs?.close()
})

const query = '{ echo(text: "a") }'

/** node:http, since fetch won't send some of what hostile clients do. */
function raw(
  headers: Record<string, string>,
  body: Buffer | string = '',
  method = 'POST',
  path = '/graphql',
) {
  return new Promise<{ status: number; body: Body }>((resolve, reject) => {
    const outgoing = httpRequest(`${running.origin}${path}`, { method, headers }, async (response) => {
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(await text(response)) as Body })
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

describe('a request that another site could send', () => {
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'as %s is refused',
    async (type) => {
      expect(await codeOf(running.post({ query }, { 'content-type': type }))).toEqual([400, 'CSRF_REFUSED'])
    },
  )

  it('without a content type is refused', async () => {
    const { status, body } = await raw({}, JSON.stringify({ query }))
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, 'CSRF_REFUSED'])
  })

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { origin: 'https://evil.example' },
    { cookie: 'a=b' },
    { 'user-agent': 'Mozilla/5.0' },
  ])('by GET from a browser with %o is refused', async (headers) => {
    const { status, body } = await raw(headers, '', 'GET', `/graphql?query=${encodeURIComponent(query)}`)
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, 'CSRF_REFUSED'])
  })

  it('passes with a header that asks for a preflight', async () => {
    const headers = { 'user-agent': 'Mozilla/5.0', 'apollo-require-preflight': 'true' }
    const { body } = await raw(headers, '', 'GET', `/graphql?query=${encodeURIComponent(query)}`)
    expect(body.data).toEqual({ echo: 'a' })
  })
})

describe('a page of another origin', () => {
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'POST' }

  it('may not call unless its origin is set', async () => {
    const answer = await fetch(running.url, { method: 'OPTIONS', headers: preflight })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('may call when its origin is set, and no other may', async () => {
    const open = await startGateway(subgraphs.supergraph, { cors: { origins: ['https://app.example'] } })
    const allowed = await fetch(open.url, { method: 'OPTIONS', headers: preflight })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization')
    const answer = await open.post({ query }, { origin: 'https://app.example' })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(answer.headers.get('vary')).toContain('Origin')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    const other = await open.post({ query }, { origin: 'https://evil.example' })
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
    await open.close()
  })
})

describe('a body', () => {
  const json = { 'content-type': 'application/json' }

  it('may come packed', async () => {
    const { body } = await raw({ ...json, 'content-encoding': 'gzip' }, gzipSync(JSON.stringify({ query })))
    expect(body.data).toEqual({ echo: 'a' })
  })

  it.each([
    ['cut off in the middle of a string', '{"query": "{ a', 400, 'BAD_REQUEST'],
    ['a JSON string', '"query"', 400, 'BAD_REQUEST'],
    ['null', 'null', 400, 'BAD_REQUEST'],
    ['empty', '', 400, 'BAD_REQUEST'],
    ['an empty batch', '[]', 400, 'BAD_REQUEST'],
  ])('that is %s is refused', async (_, body, status, code) => {
    const answer = await raw(json, body)
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([status, code])
  })

  it('that is not UTF-8 is refused', async () => {
    const body = Buffer.concat([
      Buffer.from('{"query":"{ echo(text: \\"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\\") }"}'),
    ])
    const answer = await raw(json, body)
    expect([answer.status, answer.body.errors?.[0]?.message]).toEqual([400, 'The body is not UTF-8.'])
  })

  it('that is too large is refused, announced or streamed', async () => {
    const large = JSON.stringify({ query, pad: 'x'.repeat(256 * 1024) })
    const announced = await raw({ ...json, 'content-length': String(large.length) }, large)
    expect([announced.status, announced.body.errors?.[0]?.extensions.code]).toEqual([
      413,
      'PAYLOAD_TOO_LARGE',
    ])
    const streamed = await raw({ ...json, 'transfer-encoding': 'chunked' }, large)
    expect([streamed.status, streamed.body.errors?.[0]?.extensions.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
  })

  it('that unpacks to too much is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
    const answer = await raw({ ...json, 'content-encoding': 'gzip' }, bomb)
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
  })

  it.each([
    [{ 'content-type': 'application/json', 'content-encoding': 'zstd' }, 415],
    [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }, 400],
    [{ 'content-type': 'application/json; charset=latin1' }, 415],
    [{ 'content-type': 'application/graphql' }, 415],
    [{ 'content-type': 'application/json', accept: 'text/html' }, 406],
  ])('with %o is refused', async (headers, status) => {
    expect((await raw({ ...headers }, JSON.stringify({ query }))).status).toBe(status)
  })

  it('may be nested deeply without harm', async () => {
    const nest = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
    const batch = await raw(json, nest(100_000))
    expect(batch.body).toEqual([
      { errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }] },
    ])
    const variables = await raw(
      json,
      `{"query":"query ($v: JSON) { json(value: $v) }","variables":{"v":${nest(100_000)}}}`,
    )
    expect(variables.body.errors?.[0]?.message).toContain('100 levels')
    expect((await running.ask(query)).data).toEqual({ echo: 'a' })
  })

  it('may name keys twice or __proto__ without harm', async () => {
    const body = `{"query":"{ nothing }","query":"query ($v: JSON) { json(value: $v) }","__proto__":{"polluted":1},"variables":{"__proto__":{"polluted":1},"v":{"a":1}}}`
    const answer = await raw(json, body)
    expect(answer.body).toEqual({ data: { json: { a: 1 } } })
    expect('polluted' in {}).toBe(false)
  })
})

describe('something that is not HTTP', () => {
  it('is answered with 400 in JSON', async () => {
    const { port } = new URL(running.origin)
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'))
      void text(socket).then(resolve)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('"code":"BAD_REQUEST"')
  })

  it('may be several requests in one write, answered in their order', async () => {
    const { port, host } = new URL(running.origin)
    const one = (say: string, end: string) => {
      const body = JSON.stringify({ query: `{ echo(text: "${say}") }` })
      return `POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${end}\r\n${body}`
    }
    const answer = await new Promise<string>((resolve) => {
      const requests = one('first', '') + one('second', '') + one('third', 'connection: close\r\n')
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(requests))
      void text(socket).then(resolve)
    })
    expect([...answer.matchAll(/"echo":"(\w+)"/g)].map((match) => match[1])).toEqual([
      'first',
      'second',
      'third',
    ])
  })
})

describe('a client that trickles', () => {
  it.each([
    ['its headers', 'POST /graphql HTTP/1.1\r\nhost: a\r\n'],
    [
      'its body',
      'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{',
    ],
  ])('%s is answered with 408 and put out', async (_, beginning) => {
    const timeouts = { headersTimeout: 200, requestTimeout: 300, keepAliveTimeout: 1_000 }
    const { server, close } = createHttpServer(running.gateway.handle, timeouts)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const answer = await new Promise<string>((resolve) => {
      const { port } = server.address() as AddressInfo
      const socket = connect(port, '127.0.0.1', () => socket.write(beginning))
      void text(socket).then(resolve)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    await close()
  })
})

describe('an address', () => {
  it('that is blocked gets nothing', async () => {
    const closed = await startGateway(subgraphs.supergraph, { addresses: { blocked: ['127.0.0.0/8'] } })
    expect(await codeOf(closed.post({ query }))).toEqual([403, 'ADDRESS_BLOCKED'])
    await closed.close()
  })

  it('that a proxy vouches for is the one that is blocked', async () => {
    const addresses = { trustedProxies: ['127.0.0.1'], blocked: ['203.0.113.0/24'] }
    const behind = await startGateway(subgraphs.supergraph, { addresses })
    expect(await codeOf(behind.post({ query }, { 'x-forwarded-for': '203.0.113.5' }))).toEqual([
      403,
      'ADDRESS_BLOCKED',
    ])
    expect((await behind.post({ query }, { 'x-forwarded-for': '198.51.100.1' })).status).toBe(200)
    await behind.close()
  })
})
