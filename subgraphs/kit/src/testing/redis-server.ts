import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { processEnv } from '../env.ts'
import { freePort } from '../ports.ts'

/** Whether a Redis can be started here; where engines are required, it has to be. */
export const redisServerIsThere =
  processEnv.REQUIRE_ENGINES === '1' ||
  (processEnv.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'redis-server')))

/** A real Redis of a test's own, to be killed and flushed. Each write is on the disk before its answer. */
export interface RedisServer {
  readonly url: string
  /** On the same port with what was kept; resolves when it answers. */
  start(): Promise<void>
  /** In an orderly way. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Stands still with its connections open (SIGSTOP), until `resume`. */
  pause(): void
  resume(): void
  /** Runs a command as redis-cli would. */
  command(name: string, ...parameters: string[]): Promise<unknown>
  close(): Promise<void>
}

/** @param settings further settings of redis.conf: `['maxmemory', '3mb']` */
export async function startRedisServer(...settings: readonly [string, string][]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined

  const hasEnded = () => !child || child.exitCode !== null || child.signalCode !== null

  async function command(name: string, ...parameters: string[]): Promise<unknown> {
    const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
    try {
      client.on('error', () => client.disconnect())
      return await client.call(name, ...parameters)
    } finally {
      client.disconnect()
    }
  }

  async function start(): Promise<void> {
    const durable = { save: '', appendonly: 'yes', appendfsync: 'always' }
    const fixed = { port: `${port}`, bind: '127.0.0.1', dir: folder, ...durable }
    const args = [...Object.entries(fixed), ...settings].flatMap(([name, value]) => [`--${name}`, value])
    for (const deadline = Date.now() + 15_000; ; await delay(20)) {
      // It ends at once while its port is a passing connection's.
      if (hasEnded()) {
        child = spawn('redis-server', args, { stdio: 'ignore' })
        await once(child, 'spawn')
      }
      try {
        await command('PING')
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
      }
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!child || hasEnded()) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  await start()
  return {
    url,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    command,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      await end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
