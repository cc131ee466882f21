import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultLimits } from '../src/limits/settings.ts'
import { codeOf, startEcho } from './echo.ts'
import { type RunningGateway, startGateway } from './running.ts'
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

describe('an operation over a limit is not fetched:', () => {
  const doubling = Array.from(
    { length: 40 },
    (_, n) => `fragment F${n} on Thing { ...F${n + 1} ...F${n + 1} }`,
  ).join(' ')

  it.each([
    ['TOKEN_LIMIT_EXCEEDED', `{ ${'echo '.repeat(4_001)} }`],
    ['DEPTH_LIMIT_EXCEEDED', `${'{ self '.repeat(16)}{ echo }${'}'.repeat(16)}`],
    ['ALIAS_LIMIT_EXCEEDED', `{ self { ${Array.from({ length: 51 }, (_, n) => `a${n}: echo`).join(' ')} } }`],
    ['ROOT_FIELD_LIMIT_EXCEEDED', `{ ${'echo '.repeat(21)} }`],
    ['FIELD_LIMIT_EXCEEDED', `{ many { ...F0 } } ${doubling} fragment F40 on Thing { id }`],
    ['OPERATION_LIMIT_EXCEEDED', Array.from({ length: 51 }, (_, n) => `query Q${n} { echo }`).join(' ')],
    [
      'REPETITION_LIMIT_EXCEEDED',
      `{ self { ${Array.from({ length: 600 }, (_, n) => `echo(text: "${n}")`).join(' ')} } }`,
    ],
    ['REPETITION_LIMIT_EXCEEDED', `{ self { ${'self { self { echo } } '.repeat(400)} } }`],
    ['DIRECTIVE_LIMIT_EXCEEDED', `{ echo ${'@include(if: true) '.repeat(51)} }`],
    ['COST_LIMIT_EXCEEDED', '{ many(first: 10001) { id } }'],
  ])('%s', async (code, text) => {
    subgraphs.fetches.length = 0
    const { data, errors } = await running.ask(text)
    expect(data).toBeUndefined()
    expect(errors?.[0]?.extensions).toMatchObject({
      code,
      limit: expect.any(Number),
      found: expect.any(Number),
    })
    expect(subgraphs.fetches).toEqual([])
  })

  it('COST_LIMIT_EXCEEDED by a variable', async () => {
    const text = 'query ($n: Int) { many(first: $n) { things(first: $n) { id } } }'
    expect((await running.ask(text, { n: 10 })).data).toEqual({ many: [] })
    expect((await running.ask(text, { n: 100 })).errors?.[0]?.extensions).toEqual({
      code: 'COST_LIMIT_EXCEEDED',
      limit: defaultLimits.cost,
      found: 10_100,
    })
  })

  it('BATCH_LIMIT_EXCEEDED, and a batch that costs too much together', async () => {
    expect(await codeOf(running.post(Array.from({ length: 11 }, () => ({ query }))))).toEqual([
      400,
      'BATCH_LIMIT_EXCEEDED',
    ])
    const dear = { query: '{ many(first: 4000) { id } }' }
    expect(await codeOf(running.post([dear, dear, dear]))).toEqual([400, 'COST_LIMIT_EXCEEDED'])
  })

  it('has the status of its media type', async () => {
    const deep = `${'{ self '.repeat(16)}{ echo }${'}'.repeat(16)}`
    expect((await running.post({ query: deep })).status).toBe(200)
    expect(
      (await running.post({ query: deep }, { accept: 'application/graphql-response+json' })).status,
    ).toBe(400)
  })

  it('passes without limits', async () => {
    const free = await startGateway(subgraphs.supergraph, { limits: null })
    expect((await free.ask('{ many(first: 10001) { id } }')).data).toEqual({ many: [] })
    const { errors } = await free.ask(`${'{ self '.repeat(100_000)}`)
    expect(errors?.[0]?.extensions).toEqual({ code: 'GRAPHQL_PARSE_FAILED' })
    await free.close()
  })
})

describe('introspection', () => {
  it('is refused, also through fragments, where it is off', async () => {
    const closed = await startGateway(subgraphs.supergraph, { introspection: false })
    for (const text of [
      '{ __schema { description } }',
      '{ ...F } fragment F on Query { ... { __type(name: "Query") { name } } }',
    ])
      expect((await closed.ask(text)).errors?.[0]?.extensions).toEqual({ code: 'INTROSPECTION_DISABLED' })
    expect((await closed.ask('{ __typename }')).data).toEqual({ __typename: 'Query' })
    await closed.close()
  })

  it('is answered where it is on, without what composition needs', async () => {
    const { data } = await running.ask('{ __schema { types { name } } }')
    expect(JSON.stringify(data)).not.toContain('join__')
  })
})
