import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Runs `work` while no other process of this machine does work of that name; the others wait. The lock is an abstract
 * socket (unix(7)): the kernel frees it with its holder, however that dies.
 */
export async function alone<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const release = await take(name)
  try {
    return await work()
  } finally {
    await release()
  }
}

async function take(name: string): Promise<() => Promise<void>> {
  for (;;) {
    const server = createServer()
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.once('listening', () => resolve(true))
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      )
      server.listen(`\0movieverse-${name}`)
    })
    if (taken) return () => new Promise((resolve) => server.close(() => resolve()))
    await delay(100)
  }
}
