import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, type RunningGateway, startGateway } from './running.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

let subgraphs: Subgraphs
let running: RunningGateway

beforeAll(async () => {
  subgraphs = await startSubgraphs({
    films: {
      sdl: `
        type Query { film(id: ID!): Film films(first: Int = 2): [Film!]! @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false) echo(text: String!): String! fail: String slow: String }
        type Mutation { rename(id: ID!, title: String!): Film }
        type Film @key(fields: "id") { id: ID! title: String! }
      `,
      resolvers: {
        Query: {
          film: (_, { id }) => ({ id, title: `Film ${id}` }),
          films: (_, { first }) =>
            Array.from({ length: first }, (_, n) => ({ id: n, title: `Film ${n} ${'x'.repeat(100)}` })),
          echo: (_, { text }) => text,
          fail: () => {
            throw new Error('broken')
          },
          slow: () => new Promise((resolve) => setTimeout(() => resolve('late'), 3_000)),
        },
        Mutation: { rename: (_, { id, title }) => ({ id, title }) },
        Film: { __resolveReference: (reference) => reference },
      },
    },
    reviews: {
      sdl: `type Film @key(fields: "id") { id: ID! stars: Int }`,
      resolvers: { Film: { stars: () => 5 } },
    },
  })
  running = await startGateway(subgraphs.supergraph)
})
afterAll(async () => {
  await running?.close()
  await subgraphs?.close()
})

describe('GraphQL over HTTP', () => {
  for (const audit of serverAudits({ url: () => running.url }))
    it(`audit ${audit.id}: ${audit.name}`, async () => {
      const result = await audit.fn()
      expect(result.status === 'ok' ? 'ok' : result.reason).toBe('ok')
    })

  it('answers over several subgraphs', async () => {
    expect(await running.ask('query F($id: ID!) { film(id: $id) { title stars } }', { id: '7' })).toEqual({
      data: { film: { title: 'Film 7', stars: 5 } },
    })
  })

  it('runs the named operation of a document with several', async () => {
    const query = 'query A { a: echo(text: "a") } query B { b: echo(text: "b") }'
    const named = await running.post({ query, operationName: 'B' })
    expect(await named.json()).toEqual({ data: { b: 'b' } })
    const body = (await (await running.post({ query })).json()) as Body
    expect(body.errors?.[0]?.extensions).toEqual({ code: 'OPERATION_RESOLUTION_FAILURE' })
  })

  it('names what is wrong with variables', async () => {
    const { errors } = await running.ask('query ($id: ID!) { film(id: $id) { id } }', { id: { a: 1 } })
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } })
    expect(errors?.[0]?.message).toContain('$id')
  })

  it('answers mutations by POST and refuses them by GET', async () => {
    const query = 'mutation { rename(id: 1, title: "New") { title } }'
    expect(await running.ask(query)).toEqual({ data: { rename: { title: 'New' } } })
    const refused = await fetch(`${running.url}?query=${encodeURIComponent(query)}`)
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')).toBe('POST')
    expect(((await refused.json()) as Body).errors?.[0]?.extensions.code).toBe('METHOD_NOT_ALLOWED')
  })

  it('keeps partial data beside errors', async () => {
    const { data, errors } = await running.ask('{ fail echo(text: "here") }')
    expect(data).toEqual({ fail: null, echo: 'here' })
    expect(errors?.[0]?.path).toEqual(['fail'])
  })

  it('refuses an alias that would set the prototype of the answer, and takes others that mean something to a program', async () => {
    const refused = await running.ask('{ __proto__: echo(text: "x") }')
    expect(refused.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
    const { data, errors } = await running.ask(
      '{ constructor: echo(text: "1") toString: echo(text: "2") hasOwnProperty: echo(text: "3") }',
    )
    expect([data, errors]).toEqual([{ constructor: '1', toString: '2', hasOwnProperty: '3' }, undefined])
  })

  it('answers a batch in order', async () => {
    const answer = await running.post([
      { query: '{ echo(text: "1") }' },
      { query: '{ nothing }' },
      { nonsense: true },
      { query: 'mutation { rename(id: 1, title: "2") { title } }' },
    ])
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject([
      { data: { echo: '1' } },
      { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
      { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
      { data: { rename: { title: '2' } } },
    ])
  })

  it('has a JSON answer for what is not there', async () => {
    const answer = await fetch(`${running.origin}/nowhere`)
    expect(answer.status).toBe(404)
    expect(((await answer.json()) as Body).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
    const deleted = await fetch(running.url, { method: 'DELETE' })
    expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, POST, OPTIONS'])
  })

  it('gives back a request id that is fit to be one, and makes one otherwise', async () => {
    const body = { query: '{ __typename }' }
    const given = await running.post(body, { 'x-request-id': 'abcdefgh-1' })
    expect(given.headers.get('x-request-id')).toBe('abcdefgh-1')
    const unfit = await running.post(body, { 'x-request-id': '<script>alert(1)</script>' })
    expect(unfit.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('tells subgraphs the request id, the trace and the client', async () => {
    subgraphs.fetches.length = 0
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await running.ask(
      '{ echo(text: "traced") }',
      {},
      {
        'x-request-id': 'request-1',
        'user-agent': 'films/1.0',
        traceparent,
      },
    )
    expect(subgraphs.fetches[0]?.headers).toMatchObject({
      'x-request-id': 'request-1',
      'x-forwarded-for': '127.0.0.1',
      'user-agent': 'films/1.0',
      traceparent,
    })
  })
})

describe('an answer', () => {
  it('carries the security headers', async () => {
    const { headers } = await running.post({ query: '{ __typename }' })
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  it.each(['br', 'gzip'])('is packed with %s when it is long and the client takes that', async (coding) => {
    const query = '{ films(first: 100) { title } }'
    const packed = await running.post({ query }, { 'accept-encoding': coding })
    expect(packed.headers.get('content-encoding')).toBe(coding)
    expect(Number(packed.headers.get('content-length'))).toBeLessThan(2_000)
    const plain = await running.post({ query }, { 'accept-encoding': 'identity' })
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(await packed.json()).toEqual(await plain.json())
  })

  it('is not packed when it is short', async () => {
    const answer = await running.post({ query: '{ __typename }' }, { 'accept-encoding': 'gzip, br' })
    expect(answer.headers.get('content-encoding')).toBeNull()
  })
})

describe('a client that goes', () => {
  it('takes its fetches along', async () => {
    subgraphs.fetches.length = 0
    subgraphs.abandoned.length = 0
    const leaving = new AbortController()
    const pending = fetch(running.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ slow }' }),
      signal: leaving.signal,
    })
    await expect.poll(() => subgraphs.fetches.length).toBe(1)
    leaving.abort()
    await expect(pending).rejects.toThrow()
    await expect.poll(() => subgraphs.abandoned).toEqual(['films'])
  })
})

describe('a deadline', () => {
  it('ends a request that takes too long', async () => {
    const hurried = await startGateway(subgraphs.supergraph, { requestTimeoutMs: 200 })
    const { data, errors } = await hurried.ask('{ slow }')
    expect(data).toEqual({ slow: null })
    expect(errors?.[0]).toMatchObject({ path: ['slow'], extensions: { code: 'DEADLINE_EXCEEDED' } })
    await hurried.close()
  })
})
