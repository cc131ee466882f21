import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { drainServer } from '@movieverse/kit/drain'
import { afterEach, describe, expect, test } from 'vitest'
import { SignalCancellation } from '../../src/transport/cancellation.ts'
import { createSubgraphTransport } from '../../src/transport/subgraphs.ts'
import { subgraphOperation, type Transport } from '../../src/transport/transport.ts'
import { contextOf } from './federation.ts'

/** One process of a subgraph that counts what it was asked. */
interface Process {
  readonly url: string
  readonly server: Server
  asked: number
  /** Breaks the connection of each request that it has read. */
  breaks: boolean
  stop(): Promise<void>
}

const open: { stop(): Promise<void> }[] = []
const transports: Transport[] = []

async function startProcess(port = 0): Promise<Process> {
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      process.asked += 1
      if (process.breaks) request.socket.destroy()
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"ships":[]}}')
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const process: Process = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    server,
    asked: 0,
    breaks: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  open.push(process)
  return process
}

afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close()))
  await Promise.all(open.splice(0).map((process) => process.stop()))
})

function asker(processes: readonly Process[]) {
  const urls = processes.map(({ url }) => url)
  const transport = createSubgraphTransport({ addresses: () => urls })
  transports.push(transport)
  return (kind: 'query' | 'mutation' = 'query') =>
    transport.send(
      {
        service: 'fleet',
        url: 'http://127.0.0.1:1/graphql',
        operation: subgraphOperation('{ ships { id } }', undefined, kind),
        variables: '{}',
        cancellation: new SignalCancellation(),
      },
      contextOf(),
    )
}

const nothing = { data: { ships: [] } }

describe('A subgraph of several processes', () => {
  test('is asked in turns', async () => {
    const processes = [await startProcess(), await startProcess(), await startProcess()]
    const ask = asker(processes)
    for (let time = 0; time < 9; time++) expect(await ask()).toEqual(nothing)
    expect(processes.map(({ asked }) => asked)).toEqual([3, 3, 3])
  })

  test.each(['query', 'mutation'] as const)(
    'answers each %s while one of them is gone, and uses it again when it is back',
    async (kind) => {
      const [gone, other] = [await startProcess(), await startProcess()]
      const ask = asker([gone, other])
      await gone.stop()
      for (let time = 0; time < 10; time++) expect(await ask(kind)).toEqual(nothing)
      expect(other.asked).toBe(10)
      const back = await startProcess(Number(new URL(gone.url).port))
      await expect
        .poll(
          async () => {
            await ask(kind)
            return back.asked
          },
          { timeout: 10_000 },
        )
        .toBeGreaterThan(0)
    },
  )

  test('loses no request, query or mutation, while one of them drains and ends', async () => {
    const [leaving, other] = [await startProcess(), await startProcess()]
    const ask = asker([leaving, other])
    let busy = true
    let answered = 0
    const load = Array.from({ length: 8 }, async (_, index) => {
      while (busy) {
        expect(await ask(index % 2 === 0 ? 'query' : 'mutation')).toEqual(nothing)
        answered += 1
      }
    })
    await expect.poll(() => answered).toBeGreaterThan(100)
    await drainServer(leaving.server, 200)
    const then = answered
    await expect.poll(() => answered).toBeGreaterThan(then + 100)
    busy = false
    await Promise.all(load)
    expect(leaving.asked + other.asked).toBe(answered)
  })

  test('is asked again after a broken connection only if that changes nothing', async () => {
    const processes = [await startProcess(), await startProcess()]
    const ask = asker(processes)
    for (const process of processes) process.breaks = true
    await expect(ask('mutation')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', unsent: false })
    expect(processes.map(({ asked }) => asked).sort()).toEqual([0, 1])
    const [first, second] = processes as [Process, Process]
    const ill = first.asked === 1 ? second : first
    for (const process of processes) process.breaks = process === ill
    expect(await ask('query')).toEqual(nothing)
  })

  test('that is gone as a whole says so at once', async () => {
    const processes = [await startProcess(), await startProcess()]
    const ask = asker(processes)
    for (const process of processes) await process.stop()
    await expect(ask()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', unsent: true })
  })
})
