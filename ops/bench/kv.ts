import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import { createPostgresKeyValue } from '@movieverse/kit/kv/postgres'
import { createRedisKeyValue } from '@movieverse/kit/kv/redis'
import { silentLog } from '@movieverse/kit/log'
import { startEmbeddedPostgres } from '@movieverse/kit/postgres/embedded'
import { startRedisServer } from '@movieverse/kit/testing/redis-server'
import { env } from './env.ts'
import { quantile, report, rounded, say } from './report.ts'

/** The stores of an engine that are measured, and how they are left. */
interface Subject {
  readonly sessions: KeyValue
  readonly cache: KeyValue
  close(): Promise<void>
}

const subjects: Readonly<Record<string, () => Promise<Subject>>> = { postgres: onPostgres, redis: onRedis }

async function onPostgres(): Promise<Subject> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-kv-'))
  const server = await startEmbeddedPostgres({ dataDir, log: silentLog })
  const open = (durable: boolean) =>
    createPostgresKeyValue({ url: server.url('postgres'), durable, log: silentLog })
  const [sessions, cache] = [await open(true), await open(false)]
  const close = async () => {
    await Promise.all([sessions.close(), cache.close()])
    await server.stop()
    await rm(dataDir, { recursive: true })
  }
  return { sessions, cache, close }
}

/** The Redis of REDIS_URL, otherwise one of its own with the settings of the platform's. */
async function onRedis(): Promise<Subject> {
  const server = env.REDIS_URL === undefined ? await startRedisServer() : undefined
  const url = env.REDIS_URL ?? server?.url ?? ''
  const open = (durable: boolean) =>
    createRedisKeyValue({ url, durable, log: silentLog, prefix: 'movieverse-bench' })
  const [sessions, cache] = [await open(true), await open(false)]
  const close = async () => {
    await Promise.all([sessions.close(), cache.close()])
    await server?.close()
  }
  return { sessions, cache, close }
}

/** Keys that the calls fall on: as many as a middling platform has people signed in. */
const keyCount = 10_000
/** Characters of a value: about those of a session. */
const value = 'x'.repeat(300)
const lifetime = { ttlMs: 600_000, tags: ['bench'] }
const keyOf = (turn: number) => `key-${(turn * 7919) % keyCount}`

/** As the platform calls: sessions are read, opened and rotated, caches count. */
const operations: Readonly<Record<string, (subject: Subject, turn: number) => Promise<unknown>>> = {
  get: ({ sessions }, turn) => sessions.get(keyOf(turn)),
  getMany50: ({ sessions }, turn) =>
    sessions.getMany(Array.from({ length: 50 }, (_, index) => keyOf(turn + index))),
  set: ({ sessions }, turn) => sessions.set(keyOf(turn), value, lifetime),
  compareAndSet: ({ sessions }, turn) => sessions.compareAndSet(keyOf(turn), value, value, lifetime),
  increment: ({ cache }, turn) => cache.increment(`counter-${turn % 1_000}`, 1, { ttlMs: 60_000 }),
}

/** `npm run bench -- kv`: calls of the key-value store, so many under way at a time, on each engine. */
export async function benchKeyValue(args: string[]): Promise<void> {
  const { values: options } = parseArgs({
    args,
    options: {
      engines: { type: 'string', default: Object.keys(subjects).join(',') },
      seconds: { type: 'string', default: '5' },
      callers: { type: 'string', default: '32' },
    },
  })
  const [seconds, callers] = [Number(options.seconds), Number(options.callers)]
  if (!(seconds > 0 && callers > 0)) throw new RangeError('--seconds and --callers are numbers above 0.')
  for (const name of options.engines.split(',')) {
    const open = subjects[name]
    if (open === undefined) throw new RangeError(`There is no engine ${name}.`)
    say(`${name} …`)
    const subject = await open()
    try {
      const entries = Array.from({ length: keyCount }, (_, turn) => [keyOf(turn), value] as const)
      await subject.sessions.setMany(entries, lifetime)
      for (const [operation, call] of Object.entries(operations)) {
        const once = (turn: number) => call(subject, turn)
        await timed(once, { seconds: Math.min(1, seconds), callers })
        const before = process.cpuUsage()
        const times = await timed(once, { seconds, callers })
        const cpu = process.cpuUsage(before)
        report({
          bench: 'kv',
          name,
          operation,
          callers,
          perSecond: rounded(times.length / seconds),
          p50Ms: rounded(quantile(times, 0.5), 3),
          p99Ms: rounded(quantile(times, 0.99), 3),
          /** Of this process, the caller's. */
          cpuMsPerCall: rounded((cpu.user + cpu.system) / 1000 / times.length, 3),
        })
      }
    } finally {
      await subject.close()
    }
  }
}

/** @returns the milliseconds of each call of `callers` that call one after the other */
async function timed(
  call: (turn: number) => Promise<unknown>,
  { seconds, callers }: { readonly seconds: number; readonly callers: number },
): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  let turn = 0
  const caller = async () => {
    for (let start = performance.now(); start < end; ) {
      turn += 1
      await call(turn)
      const now = performance.now()
      times.push(now - start)
      start = now
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return times
}
