import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Asker, createAsker, planners, type Subgraphs, startSubgraphs } from './federation.ts'
import { createHarbour } from './harbour.ts'

let subgraphs: Subgraphs
const askers: Asker[] = []
beforeAll(async () => {
  subgraphs = await startSubgraphs(createHarbour((place) => (storms.has(place) ? 'error' : 'fine')).services)
})
afterEach(() => {
  subgraphs.restore()
  subgraphs.seen.length = 0
  storms.clear()
})
afterAll(async () => {
  for (const asker of askers) await asker.close()
  await subgraphs.close()
})
const storms = new Set<string>()

describe.each(Object.entries(planners))('With %s’s plans', (_, planner) => {
  function open(options: Parameters<typeof createAsker>[2] = {}): Asker {
    const asker = createAsker(subgraphs, planner, options)
    askers.push(asker)
    return asker
  }
  const summary = (errors: Awaited<ReturnType<Asker['ask']>>['errors']) =>
    errors?.map(({ path, extensions }) => [path?.join('.'), extensions?.code, extensions?.serviceName])

  test('an entity’s error stands at each of its places, under the client’s names', async () => {
    storms.add('Sailor.rank:p1')
    const { data, errors } = await open().ask(
      '{ all: ships { chief: captain { r: rank } watches { rank } } }',
    )
    expect(data).toMatchObject({
      all: [{ chief: { r: null }, watches: [[{ rank: null }, { rank: 2 }], [], [{ rank: null }]] }, {}, {}],
    })
    expect(summary(errors)?.sort()).toEqual([
      ['all.0.chief.r', 'DOWNSTREAM_SERVICE_ERROR', 'crew'],
      ['all.0.watches.0.0.rank', 'DOWNSTREAM_SERVICE_ERROR', 'crew'],
      ['all.0.watches.2.0.rank', 'DOWNSTREAM_SERVICE_ERROR', 'crew'],
    ])
    expect(errors?.[0]?.message).toBe('storm at Sailor.rank:p1')
    expect(JSON.stringify(errors)).not.toContain('locations')
  })

  test('an error that makes an object null says nothing of the other fields that go with it', async () => {
    storms.add('Sailor.friends:p1')
    const { data, errors } = await open().ask('{ ship(id: "s1") { captain { name friends { rank } } } }')
    expect(data).toEqual({ ship: { captain: null } })
    expect(summary(errors)).toEqual([['ship.captain.friends', 'DOWNSTREAM_SERVICE_ERROR', 'crew']])
    const all = await open().ask('{ admiral { name } sailors { name friends { rank } } }')
    expect(all.data).toBeNull()
    expect(new Set(summary(all.errors)?.map(([, code]) => code))).toEqual(
      new Set(['DOWNSTREAM_SERVICE_ERROR']),
    )
  })

  test('codes and details of a subgraph’s error are kept, its stack is not', async () => {
    subgraphs.intercept(({ service }, response) => {
      if (service !== 'registry') return false
      response.end(
        JSON.stringify({
          data: { _entities: [null] },
          errors: [
            {
              message: 'no',
              path: ['_entities', 0, 'flag'],
              extensions: { code: 'FORBIDDEN', argument: 'x', stacktrace: ['at secret.ts'] },
            },
          ],
        }),
      )
      return true
    })
    const { data, errors } = await open().ask('{ ship(id: "s1") { id flag } }')
    expect(data).toEqual({ ship: { id: 's1', flag: null } })
    expect(errors).toEqual([
      {
        message: 'no',
        path: ['ship', 'flag'],
        extensions: { code: 'FORBIDDEN', argument: 'x', serviceName: 'registry' },
      },
    ])
  })

  const broken = [
    ['answers with an error page', 'SUBREQUEST_HTTP_ERROR', 502, '<html>'],
    ['answers with something else than JSON', 'SUBREQUEST_MALFORMED_RESPONSE', 200, 'fine'],
    ['answers with something else than GraphQL', 'SUBREQUEST_MALFORMED_RESPONSE', 200, '{"ok":true}'],
    [
      'answers more than it may',
      'RESPONSE_TOO_LARGE',
      200,
      JSON.stringify({ data: { x: 'x'.repeat(5_000) } }),
    ],
  ] as const
  test.each(broken)('a subgraph that %s leaves the others’ data (%s)', async (_, code, status, body) => {
    subgraphs.intercept(({ service }, response) => {
      if (service !== 'registry') return false
      response.writeHead(status).end(body)
      return true
    })
    const asker = open({ maxResponseBytes: 4_000 })
    const { data, errors } = await asker.ask('{ ships { id flag } inspected { id } }')
    expect(data).toBeNull()
    expect(summary(errors)).toContainEqual(['inspected', code, 'registry'])
    const partial = await asker.ask('{ ship(id: "s1") { id flag captain { name } } }')
    expect(partial.data).toEqual({ ship: { id: 's1', flag: null, captain: { name: 'Sailor p1' } } })
    expect(summary(partial.errors)).toEqual([['ship', code, 'registry']])
  })

  test('a subgraph that is down takes only its own fields away, and non-null ones their objects', async () => {
    const elsewhere = { ...subgraphs, supergraph: movedTo(subgraphs, 'crew', 'http://127.0.0.1:9') }
    const asker = createAsker(elsewhere, planner)
    askers.push(asker)
    const { data, errors } = await asker.ask(
      '{ ship(id: "s1") { name captain { id rank } sister { captain { name } } } }',
    )
    expect(data).toEqual({
      ship: { name: 'Ship s1', captain: { id: 'p1', rank: null }, sister: { captain: null } },
    })
    expect(new Set(errors?.map(({ extensions }) => extensions?.code))).toEqual(
      new Set(['SERVICE_UNAVAILABLE']),
    )
    expect(errors?.every(({ message }) => !message.includes('127.0.0.1'))).toBe(true)
  })

  test('a subgraph that does not answer in time is given up', async () => {
    subgraphs.intercept(({ service }) => service === 'registry')
    const { data, errors } = await open({ timeoutMs: 1_500 }).ask('{ ship(id: "s1") { id flag } }')
    expect(data).toEqual({ ship: { id: 's1', flag: null } })
    expect(summary(errors)).toEqual([['ship', 'SUBREQUEST_TIMEOUT', 'registry']])
  })

  test('when the client goes, fetches under way end and no further one begins', async () => {
    const controller = new AbortController()
    let closed = false
    subgraphs.intercept(({ service }, response) => {
      if (service !== 'fleet') return false
      response.on('close', () => {
        closed = true
      })
      setTimeout(() => controller.abort(), 20)
      return true
    })
    const { errors } = await open().ask('{ ship(id: "s1") { captain { name } } }', {
      context: { signal: controller.signal },
    })
    expect(summary(errors)).toEqual([['ship', 'REQUEST_CANCELLED', 'fleet']])
    await expect.poll(() => closed).toBe(true)
    expect(subgraphs.seen.map(({ service }) => service)).toEqual(['fleet'])
  })

  test('a query is sent once more when the connection breaks, a mutation never', async () => {
    let breaks = 1
    subgraphs.intercept((_, __, incoming) => {
      if (breaks-- <= 0) return false
      incoming.socket.destroy()
      return true
    })
    const asker = open()
    expect(await asker.ask('{ ship(id: "s1") { id } }')).toEqual({ data: { ship: { id: 's1' } } })
    expect(subgraphs.seen).toHaveLength(2)
    breaks = 1
    subgraphs.seen.length = 0
    const { data, errors } = await asker.ask('mutation { promote(id: "p1") { id } }')
    expect(data).toEqual({ promote: null })
    expect(summary(errors)).toEqual([['promote', 'SERVICE_UNAVAILABLE', 'crew']])
    expect(subgraphs.seen).toHaveLength(1)
  })

  test('when a joined fetch fails, its parts are sent one by one and only the broken one is lost', async () => {
    subgraphs.intercept(({ service, query }, response) => {
      if (service !== 'crew' || !query.includes('rank')) return false
      response.writeHead(500).end()
      return true
    })
    const { data, errors } = await open().ask(
      '{ ship(id: "s1") { captain { name } sister { captain { rank } } } }',
    )
    expect(data).toEqual({ ship: { captain: { name: 'Sailor p1' }, sister: { captain: { rank: null } } } })
    expect(summary(errors)).toEqual([['ship.sister.captain', 'SUBREQUEST_HTTP_ERROR', 'crew']])
    expect(subgraphs.seen.filter(({ service }) => service === 'crew')).toHaveLength(3)
  })

  test('a subgraph that keeps failing is left alone for a while, then tried again', async () => {
    subgraphs.intercept(({ service }, response) => {
      if (service !== 'registry') return false
      response.writeHead(503).end()
      return true
    })
    const asker = open({ circuit: { consecutiveFailures: 3, openMs: 3_000 } })
    const flag = async () => (await asker.ask('{ ship(id: "s1") { flag } }')).data
    const asked = () => subgraphs.seen.filter(({ service }) => service === 'registry').length
    for (let time = 0; time < 6; time++) expect(await flag()).toEqual({ ship: { flag: null } })
    expect(asked()).toBe(3)
    subgraphs.restore()
    expect(await flag()).toEqual({ ship: { flag: null } })
    await sleep(3_100)
    expect(await flag()).toEqual({ ship: { flag: 'flag of s1' } })
    expect(asked()).toBe(4)
  })

  test('headers of the request and of its identity go with every fetch', async () => {
    const asker = open({ headersFor: async (service) => ({ 'x-identity': `for ${service}` }) })
    await asker.ask('{ ship(id: "s1") { flag } }', { context: { headers: { 'x-request-id': 'abc' } } })
    expect(subgraphs.seen.map(({ headers }) => [headers['x-request-id'], headers['x-identity']])).toEqual([
      ['abc', 'for fleet'],
      ['abc', 'for registry'],
    ])
  })
})

/** The same supergraph with one service at another address. */
function movedTo({ supergraph, origin }: Subgraphs, service: string, url: string): Subgraphs['supergraph'] {
  const moved = new Map(supergraph.subgraphs)
  moved.set(service, url)
  return {
    ...supergraph,
    sdl: supergraph.sdl.replace(`"${origin}/${service}"`, `"${url}"`),
    subgraphs: moved,
  }
}
