import type { KeyValue } from '@movieverse/kit/kv/kv'
import { metrics } from '@movieverse/kit/metrics'
import { type KeyValueServer, keyValueServers } from '@movieverse/kit/testing/key-value-server'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Body, type RunningGateway, startGateway } from './running.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { type Subgraphs, startSubgraphs } from './subgraphs.ts'

/** What an answer may take while the store is down: its limit of 1.5 s, and generously what a busy machine adds. */
const boundMs = 6_000

describe.each(keyValueServers)('when $name, which carries sessions and counters,', ({ start }) => {
  let server: KeyValueServer
  let sessions: KeyValue
  let cache: KeyValue
  let subgraphs: Subgraphs
  let signIn: SignIn
  let running: RunningGateway

  beforeAll(async () => {
    server = await start()
    ;[sessions, cache] = await Promise.all([server.open(true), server.open(false)])
    subgraphs = await startSubgraphs({
      echo: {
        sdl: 'type Query { public: String mine: String @authenticated }',
        resolvers: { Query: { public: () => 'p', mine: () => 'm' } },
      },
    })
    signIn = await createSignIn(sessions)
    running = await startGateway(subgraphs.supergraph, {
      ...signIn,
      cache,
      rates: { perAddress: 30, perUser: 0, exempt: [] },
      addresses: { trustedProxies: ['127.0.0.1'] },
    })
  })
  afterAll(async () => {
    await running?.close()
    await Promise.all([sessions?.close(), cache?.close()])
    await subgraphs?.close()
    await server?.close()
  })

  let clients = 0
  /** A client at an address that no other has. */
  const client = () => {
    clients += 1
    const from = { 'x-forwarded-for': `192.0.2.${clients}` }
    return (query: string, headers: Record<string, string> = {}) =>
      running.post({ query }, { ...from, ...headers })
  }
  async function answerOf(response: Promise<Response>) {
    const begun = performance.now()
    const answer = await response
    const { data, errors } = (await answer.json()) as Body
    expect(performance.now() - begun).toBeLessThan(boundMs)
    return { status: answer.status, data, code: errors?.[0]?.extensions.code }
  }
  const alone = async () => {
    const { values } = (await metrics.getSingleMetric('movieverse_limit_counted_alone')?.get()) ?? {}
    return values?.find(({ labels }) => labels.limit === 'requests by address')?.value
  }

  it('is stopped, access tokens are refused with a code, and whoever is signed out is served', async () => {
    const headers = await signIn.as(1)
    const ask = client()
    expect(await answerOf(ask('{ mine }', headers))).toMatchObject({ status: 200, data: { mine: 'm' } })
    await server.stop()
    const together = Array.from({ length: 10 }, () => answerOf(ask('{ public mine }', headers)))
    for (const refused of await Promise.all(together))
      expect(refused).toMatchObject({ status: 503, code: 'SERVICE_UNAVAILABLE' })
    expect(await answerOf(ask('{ public }'))).toMatchObject({ status: 200, data: { public: 'p' } })
    await server.start()
    await vi.waitFor(
      async () => expect((await answerOf(client()('{ mine }', headers))).data).toEqual({ mine: 'm' }),
      { timeout: 10_000, interval: 200 },
    )
  })

  it('is stopped, requests are limited just the same, which the metrics show until it is back', async () => {
    await server.stop()
    const ask = client()
    // All within one window: they begin with the minutes.
    const left = 60_000 - (Date.now() % 60_000)
    if (left < 10_000) await new Promise((resolve) => setTimeout(resolve, left))
    const statuses: number[] = []
    for (let request = 0; request < 33; request += 1) statuses.push((await ask('{ public }')).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(30)
    expect(statuses.slice(30)).toEqual([429, 429, 429])
    await vi.waitFor(async () => expect(await alone()).toBe(1), { timeout: 10_000 })
    await server.start()
    await vi.waitFor(
      async () => {
        await client()('{ public }')
        expect(await alone()).toBe(0)
      },
      { timeout: 10_000, interval: 200 },
    )
  })

  it('is emptied, who was signed in is not, and a session that had ended stays so', async () => {
    const [headers, ended] = [await signIn.as(2), await signIn.as(3)]
    await sessions.delete(['session:session-3'])
    await server.flush()
    const ask = client()
    for (const each of [headers, ended])
      expect(await answerOf(ask('{ public }', each))).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    expect((await answerOf(ask('{ public }'))).data).toEqual({ public: 'p' })
    expect((await answerOf(ask('{ mine }', await signIn.as(2, ['user'], 'opened-again')))).data).toEqual({
      mine: 'm',
    })
  })
})
