import { createServer } from 'node:net'
import { reasonOf, StartupError } from './errors.ts'

/** A TCP port of the loopback that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return withPort(0)
}

/** @throws StartupError PORT_TAKEN */
export async function checkPort(port: number): Promise<void> {
  try {
    await withPort(port)
  } catch (error) {
    throw new StartupError(
      'PORT_TAKEN',
      `Port ${port} for PostgreSQL cannot be used: ${reasonOf(error)}.`,
      'Stop what listens there, or choose another port.',
      { cause: error },
    )
  }
}

function withPort(port: number): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : port))
    })
  })
}
