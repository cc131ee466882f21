import { gzipSync } from 'node:zlib'
import type { GraphQLSchema } from 'graphql'
import { createRandom, pick } from '../random.ts'
import { broken } from './broken.ts'
import { hostile, type Making, type Parameters } from './hostile.ts'
import { randomOperation } from './operations.ts'
import { createValues, type ValuePool } from './values.ts'

/** Who asks; the drill puts the token in. */
export type Asker = 'nobody' | 'member' | 'admin'

/** One request of the drill. */
export interface FuzzRequest {
  /** The generator that made it. */
  readonly kind: string
  readonly asker: Asker
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Buffer | undefined
  /** The operation that it carries in the usual way, of which it is known what must come. */
  readonly plain?: Parameters
}

const json = { 'content-type': 'application/json' }
const accepts = ['application/json', 'application/graphql-response+json', '*/*']

/** The `index`-th request of a run: the same for the same seed. */
export function fuzzRequest(
  { schema, pool }: { readonly schema: GraphQLSchema; readonly pool: ValuePool },
  { seed, index }: { readonly seed: number; readonly index: number },
): FuzzRequest {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  const values = createValues(random, pool)
  const options = { schema, random, values }
  const operation = () => randomOperation(random() < 0.75 ? 'query' : 'mutation', options)
  const making: Making = { random, values, operation }
  const asker = pick(random, ['nobody', 'member', 'member', 'admin', 'admin'] as const)
  const post = (kind: string, body: Parameters): FuzzRequest => ({
    kind,
    asker,
    method: 'POST',
    path: '/graphql',
    headers: { ...json, accept: pick(random, accepts) },
    body: JSON.stringify(body),
    plain: body,
  })
  const dice = random()
  if (dice < 0.5) return post('operation', { ...operation() })
  if (dice < 0.68) {
    const { query, variables } = operation()
    return post('broken', { query: broken(random, query), variables })
  }
  if (dice < 0.84) return post('hostile', hostile(making))
  if (dice < 0.9) return { ...post('headers', { ...operation() }), ...withHeaders(making), plain: undefined }
  return { ...post('transport', {}), plain: undefined, ...transport(making) }
}

const headerNames = [
  'authorization',
  'accept',
  'accept-encoding',
  'content-type',
  'content-encoding',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'x-forwarded-for',
  'forwarded',
  'origin',
  'cookie',
  'range',
  'expect',
  'if-none-match',
  'x-movieverse-identity',
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'access-control-request-method',
  'x-http-method-override',
  'user-agent',
  'via',
  'te',
  'dnt',
]

const tokens = [
  'Bearer',
  'Bearer ',
  'Bearer a.b.c',
  'bearer null',
  'Basic YTpi',
  'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.',
  'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIiwicm9sZXMiOlsiYWRtaW4iXX0.AAAA',
  `Bearer ${'x'.repeat(7_000)}`,
  'Bearer eyJhbGciOiJFZERTQSIsImtpZCI6Ii4uLy4uLyJ9.e30.e30',
]

function headerValue({ random, values }: Making, name: string): string {
  if (name === 'authorization') return pick(random, tokens)
  const printable = values
    .text()
    .replace(/[^\t\x20-\x7e]/g, '?')
    .slice(0, 2_000)
  return pick(random, [
    printable,
    '',
    ',',
    ';q=',
    '*/*;q=0',
    'text/html',
    'gzip;q=2, br;q=-1',
    '*',
    'a'.repeat(12_000),
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '::ffff:127.0.0.1, 300.1.1.1, ]',
    'application/json; charset=utf-16',
    'multipart/mixed; deferSpec=20220824',
    '100-continue',
  ])
}

function withHeaders(making: Making): Partial<FuzzRequest> {
  const { random } = making
  const names = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(random, headerNames))
  const headers = Object.fromEntries(names.map((name) => [name, headerValue(making, name)]))
  const many =
    random() < 0.05 ? Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-${n}`, 'y'])) : {}
  // `authorization` of its own takes the place of the asker's.
  return { headers: { ...json, ...headers, ...many } }
}

function transport(making: Making): Partial<FuzzRequest> {
  const { random, values } = making
  const one = { ...making.operation() }
  const text = JSON.stringify(one)
  const query = encodeURIComponent(one.query)
  const type = (name: string) => ({ headers: { 'content-type': name } })
  const choices: readonly (() => Partial<FuzzRequest>)[] = [
    () => ({
      method: 'GET',
      body: undefined,
      headers: {},
      path: `/graphql?query=${query}&variables=${encodeURIComponent(JSON.stringify(one.variables))}`.slice(
        0,
        12_000,
      ),
    }),
    () => ({
      method: 'GET',
      body: undefined,
      headers: { 'apollo-require-preflight': '1' },
      path: `/graphql?query=${query}&variables=${pick(random, ['{', '[]', 'null', '%'])}`.slice(0, 12_000),
    }),
    () => ({ method: 'GET', body: undefined, headers: { accept: 'text/html' } }),
    () => ({
      method: pick(random, ['PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY']),
      body: text,
    }),
    () => ({
      ...type(
        pick(random, [
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data',
          'application/graphql',
          'application/json;charset=latin1',
          'application/json; charset="utf-8"',
          'json',
          '/',
          values
            .text()
            .replace(/[^\x20-\x7e]/g, '')
            .slice(0, 100),
        ]),
      ),
      body: text,
    }),
    () => ({
      body: pick(random, [
        '',
        'null',
        '[]',
        '[[]]',
        '"x"',
        '1',
        '{}',
        '{"query":',
        `${text}x`,
        `\ufeff${text}`,
        text.slice(0, -3),
        'query=x',
        '{"query":null}',
        '{"query":[],"variables":"x"}',
      ]),
    }),
    () => ({
      body: Buffer.from(Array.from({ length: Math.floor(random() * 400) }, () => Math.floor(random() * 256))),
    }),
    () => ({
      body: Buffer.concat([
        Buffer.from(text.slice(0, 20)),
        Buffer.from([0xff, 0xc0, 0x80]),
        Buffer.from(text.slice(20)),
      ]),
    }),
    () => ({ body: '['.repeat(pick(random, [10, 1_000, 100_000])) }),
    () => ({
      body: `{"query":"{ __typename }","variables":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
    }),
    () => ({
      body: JSON.stringify({
        query: '{ __typename }',
        padding: 'x'.repeat(pick(random, [200_000, 262_144, 300_000, 2_000_000])),
      }),
    }),
    () => ({ headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(text) }),
    () => ({
      headers: { ...json, 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(30_000_000, 0x20)),
    }),
    () => ({
      headers: {
        ...json,
        'content-encoding': pick(random, ['br', 'deflate', 'identity', 'gzip, gzip', 'zstd', 'x']),
      },
      body: text,
    }),
    () => ({
      body: JSON.stringify(
        Array.from({ length: Math.floor(random() * 14) }, () =>
          pick(random, [one, { ...making.operation() }, values.json(), hostile(making)]),
        ),
      ),
    }),
    () => ({
      path: pick(random, [
        '/',
        '/graphql/',
        '//graphql',
        '/graphql/../admin',
        '/%00',
        '/graphql?%',
        '/metrics',
        '/readyz',
        '/healthz',
        '/.well-known/jwks.json',
        '/graphql/stream',
        `/${'a'.repeat(9_000)}`,
      ]),
      body: text,
    }),
  ]
  return pick(random, choices)()
}
