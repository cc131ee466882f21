import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { processEnv } from '@movieverse/kit/env'
import { Redis } from 'ioredis'
import { type Connection, createConnection } from 'mariadb'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { chooseEngines } from '../engines.ts'
import { createPrivateSet, type PrivateSet } from './private-set.ts'

/** Long enough for a machine on which everything else starts at the same time. */
const patience = 300_000

let set: PrivateSet
beforeAll(async () => {
  set = await createPrivateSet()
})
afterAll(() => set.remove(), patience)

/** What isn't installed has no tests; where engines are required, all are. */
const there = async (...names: string[]): Promise<boolean> =>
  processEnv.REQUIRE_ENGINES === '1' ||
  (await Promise.all(chooseEngines(names).map(({ source }) => source.isThere()))).every(Boolean)

describe('The command', () => {
  it('names the engines that there are when asked for another', async () => {
    const { code, output } = await set.run(['up', 'oracle'])
    expect(code).toBe(1)
    expect(output).toContain('BAD_ENVIRONMENT: No such engine: oracle.')
    expect(output).toContain('postgres, mariadb')
  })

  it('says how to get what is not installed, and starts nothing', async () => {
    const { code, output } = await set.run(['up', 'minio'], { XDG_CACHE_HOME: join(set.folder, 'empty') })
    expect(code).toBe(1)
    expect(output).toContain('NOT_INSTALLED: minio is not installed')
    expect(output).toContain('npm run engines -- install minio')
    expect(set.pids()).toEqual([])
  })

  it('says which variables name a server that does not answer', async () => {
    const { code, output } = await set.run(['up', 'redis'], {
      REDIS_URL: `redis://127.0.0.1:${set.basePort + 19}`,
    })
    expect(code).toBe(1)
    expect(output).toContain('ENGINE_UNREACHABLE: redis of the environment (REDIS_URL) does not answer')
  })
})

if (await there('redis', 'mariadb')) {
  describe('Redis and MariaDB', () => {
    beforeAll(async () => {
      expect(await set.run(['up', 'redis', 'mariadb'])).toMatchObject({ code: 0 })
    }, patience)

    it('answer under the variables that were written, strict, in UTC and in all of Unicode', async () => {
      expect(Object.keys(await set.variables()).sort()).toEqual(['DATABASE_URL_MOVIES', 'REDIS_URL'])
      expect(await onRedis((redis) => redis.call('CONFIG', 'GET', 'append*'))).toContain('always')
      const rows = await onMaria((maria) =>
        maria.query('SELECT @@sql_mode AS mode, @@time_zone AS zone, @@character_set_database AS letters'),
      )
      expect(rows[0]).toMatchObject({ zone: '+00:00', letters: 'utf8mb4' })
      expect(rows[0].mode).toContain('STRICT_TRANS_TABLES')
    })

    it(
      'are left alone by further ups, one after the other or at once',
      async () => {
        const before = set.pids()
        expect(before).toHaveLength(2)
        const outcomes = await Promise.all([1, 2, 3].map(() => set.run(['up', 'redis', 'mariadb'])))
        expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0])
        expect(set.pids()).toEqual(before)
      },
      patience,
    )

    it(
      'come up again with their data after SIGKILL',
      async () => {
        await onRedis((redis) => redis.set('kept', '1'))
        await onMaria(async (maria) => {
          await maria.query('CREATE TABLE kept (word VARCHAR(20))')
          await maria.query("INSERT INTO kept VALUES ('Amélie 🎬')")
        })
        expect(await set.run(['kill', 'redis', 'mariadb'])).toMatchObject({ code: 0 })
        expect(set.pids()).toEqual([])
        expect(await set.variables()).toEqual({})
        expect(await set.run(['up', 'redis', 'mariadb'])).toMatchObject({ code: 0 })
        expect(await onRedis((redis) => redis.get('kept'))).toBe('1')
        expect(await onMaria((maria) => maria.query('SELECT word FROM kept'))).toEqual([
          { word: 'Amélie 🎬' },
        ])
      },
      patience,
    )

    it(
      'are found or finished by the next up when the first was killed at any moment',
      async () => {
        for (const moment of [0, 300, 1000]) {
          await set.run(['down'])
          const first = set.begin(['up', 'redis', 'mariadb'])
          while (!existsSync(join(set.folder, 'redis/server.pid'))) await delay(5)
          await delay(moment)
          if (first.pid !== undefined && first.exitCode === null) process.kill(-first.pid, 'SIGKILL')
          expect(await set.run(['up', 'redis', 'mariadb'])).toMatchObject({ code: 0 })
          expect(set.pids()).toHaveLength(2)
          expect(await onRedis((redis) => redis.ping())).toBe('PONG')
        }
      },
      patience,
    )

    it(
      'are used where the environment names them already, and none is started',
      async () => {
        const { REDIS_URL = '' } = await set.variables()
        const other = await createPrivateSet()
        onTestFinished(() => other.remove(), patience)
        const { code, output } = await other.run(['up', 'redis'], { REDIS_URL })
        expect(output).toContain('given by the environment')
        expect(code).toBe(0)
        expect(await other.variables()).toEqual({ REDIS_URL })
        expect(other.pids()).toEqual([])
      },
      patience,
    )

    it(
      'are gone after down, and their data after reset',
      async () => {
        await onRedis((redis) => redis.set('kept', '1'))
        expect(await set.run(['down'])).toMatchObject({ code: 0 })
        expect(set.pids()).toEqual([])
        expect((await set.run(['status', 'redis'])).output).toContain('stopped')
        await set.run(['reset', 'redis'])
        await set.run(['up', 'redis'])
        expect(await onRedis((redis) => redis.get('kept'))).toBeNull()
      },
      patience,
    )

    describe('on a port that another program has', () => {
      afterEach(() => set.run(['down']))

      it(
        'do not start, and say so',
        async () => {
          await set.run(['down'])
          const other = createServer().listen(set.basePort + 3, '127.0.0.1')
          await once(other, 'listening')
          onTestFinished(() => void other.close())
          const { code, output } = await set.run(['up', 'redis'])
          expect(code).toBe(1)
          expect(output).toContain(`PORT_TAKEN: Port ${set.basePort + 3}, which redis needs`)
        },
        patience,
      )
    })
  })
}

if (await there('rabbitmq')) {
  describe('RabbitMQ', () => {
    it(
      'leaves nothing running after down: its name server neither',
      async () => {
        expect(await set.run(['up', 'rabbitmq'])).toMatchObject({ code: 0 })
        expect(set.pids().length).toBeGreaterThan(1)
        expect(await set.run(['down', 'rabbitmq'])).toMatchObject({ code: 0 })
        expect(set.pids()).toEqual([])
      },
      patience,
    )
  })
}

async function onRedis<Result>(use: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis((await set.variables()).REDIS_URL ?? '', { maxRetriesPerRequest: 1 })
  try {
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

async function onMaria<Result>(use: (maria: Connection) => Promise<Result>): Promise<Result> {
  const url = new URL((await set.variables()).DATABASE_URL_MOVIES ?? '')
  const { hostname: host, port, username: user, password } = url
  const maria = await createConnection({ host, port: Number(port), user, password, database: 'movies' })
  try {
    return await use(maria)
  } finally {
    await maria.end()
  }
}
