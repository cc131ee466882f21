import { createLog } from '@movieverse/kit/log'
import { metrics } from '@movieverse/kit/metrics'
import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hivePlanner } from '../../src/planning/planner.hive.ts'
import { SignalCancellation } from '../../src/transport/cancellation.ts'
import { Circuit, defaultCircuit } from '../../src/transport/circuit.ts'
import { createMeasuredTransport } from '../../src/transport/metrics.ts'
import { createSubgraphTransport } from '../../src/transport/subgraphs.ts'
import { subgraphOperation } from '../../src/transport/transport.ts'
import { contextOf, createAsker, type Subgraphs, startSubgraphs } from './federation.ts'
import { createHarbour } from './harbour.ts'

let subgraphs: Subgraphs
beforeAll(async () => {
  subgraphs = await startSubgraphs(createHarbour().services)
})
afterEach(() => {
  subgraphs.restore()
  subgraphs.seen.length = 0
})
afterAll(() => subgraphs.close())

const log = createLog({ service: 'test', level: 'silent' })
const member = { userId: 1, username: 'ann', roles: ['user'], sessionId: 's' } as const

describe('Deduplication', () => {
  test('sends equal queries under way once, and gives each client an answer of its own', async () => {
    const asker = createAsker(subgraphs, hivePlanner, { deduplicate: true })
    const asked = ['a', 'b', 'c'].map((id) =>
      asker.ask('{ ships { id captain { name } } }', {
        context: { requestId: id, headers: { 'x-request-id': id } },
      }),
    )
    const answers = await Promise.all(asked)
    expect(subgraphs.seen.map(({ service }) => service)).toEqual(['fleet', 'crew'])
    for (const answer of answers) {
      expect(answer).toEqual({
        data: {
          ships: [
            { id: 's1', captain: { name: 'Sailor p1' } },
            { id: 's2', captain: { name: 'Sailor p2' } },
            { id: 's3', captain: null },
          ],
        },
      })
    }
    await asker.close()
  })

  test('never joins different viewers, headers that may carry rights, or mutations', async () => {
    const asker = createAsker(subgraphs, hivePlanner, { deduplicate: true })
    const query = '{ ships { id } }'
    await Promise.all([
      asker.ask(query),
      asker.ask(query, { context: { viewer: member } }),
      asker.ask(query, { context: { viewer: { ...member, sessionId: 'other' } } }),
      asker.ask(query, { context: { headers: { 'x-tenant': 'a' } } }),
    ])
    expect(subgraphs.seen).toHaveLength(4)
    subgraphs.seen.length = 0
    const mutation = 'mutation { promote(id: "p1") { id } }'
    await Promise.all([asker.ask(mutation), asker.ask(mutation)])
    expect(subgraphs.seen).toHaveLength(2)
    await asker.close()
  })

  test('goes on for the others when one of the clients leaves', async () => {
    const asker = createAsker(subgraphs, hivePlanner, { deduplicate: true })
    const leaving = new AbortController()
    subgraphs.intercept(() => {
      leaving.abort()
      return false
    })
    const [left, stayed] = await Promise.all([
      asker.ask('{ ships { id } }', { context: { signal: leaving.signal } }),
      asker.ask('{ ships { id } }'),
    ])
    expect(left.errors).toMatchObject([{ extensions: { code: 'REQUEST_CANCELLED' } }])
    expect(stayed.data).toEqual({ ships: [{ id: 's1' }, { id: 's2' }, { id: 's3' }] })
    expect(subgraphs.seen).toHaveLength(1)
    await asker.close()
  })
})

describe('A circuit', () => {
  const settings = {
    ...defaultCircuit,
    consecutiveFailures: 3,
    openMs: 100,
    minimumFetches: 10,
    failureRate: 0.5,
  }

  test('opens after failures in a row, lets one fetch try, and closes when that succeeds', () => {
    let now = 0
    const changes: string[] = []
    const circuit = new Circuit(settings, { now: () => now, onChange: ({ phase }) => changes.push(phase) })
    for (let failure = 0; failure < 3; failure++) {
      expect(circuit.admits()).toBe(true)
      circuit.failed('down')
    }
    expect(circuit.state).toEqual({ phase: 'open', retryAt: 100, reason: 'down' })
    expect(circuit.admits()).toBe(false)
    now = 100
    expect(circuit.admits()).toBe(true)
    expect(circuit.admits()).toBe(false)
    circuit.failed('still down')
    expect(circuit.state).toEqual({ phase: 'open', retryAt: 200, reason: 'still down' })
    now = 200
    expect(circuit.admits()).toBe(true)
    circuit.succeeded()
    expect(circuit.state).toEqual({ phase: 'closed', consecutiveFailures: 0 })
    expect(changes).toEqual(['open', 'closed'])
  })

  test('opens when too many of a window’s fetches fail, in a row or not', () => {
    const circuit = new Circuit(settings, { now: () => 0 })
    for (let fetch = 0; fetch < 12 && circuit.admits(); fetch++) {
      if (fetch % 2 === 0) circuit.failed('now and then')
      else circuit.succeeded()
    }
    expect(circuit.state.phase).toBe('open')
  })

  test('is tried again at once when the fetch that tried was cancelled', () => {
    let now = 0
    const circuit = new Circuit({ ...settings, consecutiveFailures: 1 }, { now: () => now })
    circuit.failed('down')
    now = 100
    expect(circuit.admits()).toBe(true)
    circuit.abandoned()
    expect(circuit.admits()).toBe(true)
  })
})

describe('The way to the subgraphs', () => {
  const operation = subgraphOperation('{ ships { id } }', undefined, 'query')
  const request = (signal?: AbortSignal) => ({
    service: 'fleet',
    url: `${subgraphs.origin}/fleet`,
    operation,
    variables: '{}',
    cancellation: new SignalCancellation(signal),
  })

  test('tells each fetch’s outcome and the state of each circuit', async () => {
    const outcomes: unknown[] = []
    const observer = { fetched: (service: string, outcome: string) => outcomes.push([service, outcome]) }
    const transport = createSubgraphTransport({ observer })
    await transport.send(request(), contextOf())
    subgraphs.intercept((_, response) => {
      response.writeHead(500).end()
      return true
    })
    await expect(transport.send(request(), contextOf())).rejects.toMatchObject({
      code: 'SUBREQUEST_HTTP_ERROR',
    })
    expect(outcomes).toEqual([
      ['fleet', 'ok'],
      ['fleet', 'SUBREQUEST_HTTP_ERROR'],
    ])
    expect(transport.circuits().get('fleet')).toEqual({ phase: 'closed', consecutiveFailures: 1 })
    await transport.close()
  })

  test('sends what a process refuses unread to another one, mutations too, and blames no client', async () => {
    const addresses = ['ill', 'fleet'].map((name) => `${subgraphs.origin}/${name}`)
    const transport = createSubgraphTransport({ addresses: () => addresses })
    let refusals = 0
    subgraphs.intercept(({ service }, response) => {
      if (service !== 'ill') return false
      refusals += 1
      response.writeHead(401).end('{"errors":[{"message":"no","extensions":{"code":"UNAUTHENTICATED"}}]}')
      return true
    })
    const mutation = { ...request(), operation: { ...operation, kind: 'mutation' as const } }
    for (const sent of [request(), mutation, request()])
      expect((await transport.send(sent, contextOf())).data).toBeTruthy()
    expect(refusals).toBe(1)
    await transport.close()
  })

  test('shows durations and open circuits among the metrics, and is not ready once all subgraphs fail', async () => {
    const transport = createMeasuredTransport({ circuit: { consecutiveFailures: 1, openMs: 60_000 }, log })
    await transport.send(request(), contextOf())
    await transport.check()
    expect(await metrics.metrics()).toContain('movieverse_gateway_circuit_open{subgraph="fleet"} 0')
    subgraphs.intercept((_, response) => {
      response.writeHead(500).end()
      return true
    })
    await expect(transport.send(request(), contextOf())).rejects.toMatchObject({ status: 500 })
    const printed = await metrics.metrics()
    expect(printed).toContain('movieverse_gateway_circuit_open{subgraph="fleet"} 1')
    expect(printed).toContain('movieverse_gateway_fetch_seconds_count{subgraph="fleet",outcome="ok"} 1')
    await expect(transport.check()).rejects.toThrow('fleet: The service answered with status 500.')
    await transport.close()
  })

  test('is a span for each fetch, which the subgraph can continue; a failed one says so', async () => {
    const exporter = new InMemorySpanExporter()
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    )
    const transport = createSubgraphTransport()
    try {
      await transport.send(request(), contextOf({ headers: { traceparent: 'the client’s' } }))
      subgraphs.intercept((_, response) => {
        response.writeHead(500).end()
        return true
      })
      await expect(transport.send(request(), contextOf())).rejects.toThrow('status 500')
      const [fine, failed] = exporter.getFinishedSpans()
      expect(fine).toMatchObject({ name: 'subgraph.fetch', attributes: { 'movieverse.subgraph': 'fleet' } })
      const { traceId, spanId } = fine?.spanContext() ?? {}
      expect(subgraphs.seen[0]?.headers.traceparent).toBe(`00-${traceId}-${spanId}-01`)
      expect(failed?.status).toEqual({
        code: SpanStatusCode.ERROR,
        message: 'The service answered with status 500.',
      })
    } finally {
      trace.disable()
      context.disable()
      await transport.close()
    }
  })

  test('sends nothing for a request that is already over', async () => {
    const transport = createSubgraphTransport()
    const sent = transport.send(request(AbortSignal.abort()), contextOf())
    await expect(sent).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' })
    expect(subgraphs.seen).toEqual([])
    await transport.close()
  })

  test('keeps connections open from one request to the next', async () => {
    const transport = createSubgraphTransport()
    const ports = new Set<unknown>()
    subgraphs.intercept((_, __, incoming) => {
      ports.add(incoming.socket.remotePort)
      return false
    })
    for (let time = 0; time < 20; time++) await transport.send(request(), contextOf())
    // A connection is free again a moment after its answer is whole.
    expect(ports.size).toBeLessThanOrEqual(2)
    await transport.close()
  })
})
