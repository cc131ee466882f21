import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWireServer, jsonResponse } from '../gateway/wire.ts'

/** Answers with what was asked; asks for the path /late are answered after those behind them could have been. */
const server = createWireServer((path, body) => {
  const answer = jsonResponse(JSON.stringify({ path, body }))
  return path === '/late' ? sleep(50).then(() => answer) : answer
})
let port = 0

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.close())

/** Sends the pieces one by one and answers the bodies of so many responses. */
async function exchange(pieces: readonly string[], responses: number): Promise<unknown[]> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString()
  })
  for (const piece of pieces) {
    socket.write(piece)
    await sleep(5)
  }
  const bodies = () => [...received.matchAll(/\r\n\r\n(\{.*?\})(?=HTTP|$)/gs)].map(([, body]) => body ?? '')
  while (bodies().length < responses) await once(socket, 'data')
  socket.destroy()
  return bodies().map((body) => JSON.parse(body))
}

const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('requests of one connection are answered in their order, also when an early one takes longer', async () => {
  const answers = await exchange([post('/late', 'a') + post('/users', 'b') + post('/late', 'c')], 3)
  expect(answers).toEqual([
    { path: '/late', body: 'a' },
    { path: '/users', body: 'b' },
    { path: '/late', body: 'c' },
  ])
})

test('a request may come in pieces that end anywhere', async () => {
  const whole = post('/users', '{"query":"{ me { id } }"}')
  expect(await exchange([whole.slice(0, 9), whole.slice(9, 60), whole.slice(60)], 1)).toEqual([
    { path: '/users', body: '{"query":"{ me { id } }"}' },
  ])
})

test('a chunked body is put together', async () => {
  const head = 'POST /users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
  expect(await exchange([`${head}3\r\nabc\r\n`, '2\r\nde\r\n0\r\n\r\n'], 1)).toEqual([
    { path: '/users', body: 'abcde' },
  ])
})
