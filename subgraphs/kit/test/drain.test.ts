import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { drainServer } from '@movieverse/kit/drain'
import { expect, test } from 'vitest'

/** A server, and a client that keeps one connection to it. */
async function pair() {
  const server = createServer((incoming, response) => {
    if (incoming.url === '/slow') setTimeout(() => response.end('slow'), 300)
    else response.end('fine')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (path = '/') => {
    const asking = request({ port, host: '127.0.0.1', path, agent }).end()
    const [response] = await once(asking, 'response')
    let body = ''
    for await (const chunk of response) body += chunk
    return { body, connection: response.headers.connection }
  }
  return { server, ask, close: () => agent.destroy() }
}

test('a server that drains answers for a while as before, then those alone who have a connection, which they let go', async () => {
  const { server, ask, close } = await pair()
  expect(await ask()).toEqual({ body: 'fine', connection: 'keep-alive' })
  const draining = drainServer(server, 300)
  expect(await ask()).toEqual({ body: 'fine', connection: 'keep-alive' })
  await expect.poll(() => server.listening).toBe(false)
  expect(await ask()).toEqual({ body: 'fine', connection: 'close' })
  await expect(ask()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await draining
  close()
})

test('a connection that its client does not let go is closed in the end', async () => {
  const { server, ask, close } = await pair()
  await ask()
  await drainServer(server, 1)
  await expect(ask()).rejects.toThrow()
  close()
})

test('what is in hand when it closes is answered, and a connection that only idles does not hold it up', async () => {
  const { server, ask, close } = await pair()
  const idle = await pair()
  await idle.ask()
  const slow = ask('/slow')
  await once(server, 'request')
  await Promise.all([drainServer(server, 0), drainServer(idle.server, 0)])
  expect((await slow).body).toBe('slow')
  close()
  idle.close()
})
