import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventBus } from '@movieverse/kit/bus/bus'
import { createKafkaBus } from '@movieverse/kit/bus/kafka'
import { createPostgresBus } from '@movieverse/kit/bus/postgres'
import { silentLog } from '@movieverse/kit/log'
import { pgDatabase } from '@movieverse/kit/outbox/database'
import { createEffects } from '@movieverse/kit/outbox/effects'
import { createRelay, type Relay } from '@movieverse/kit/outbox/relay'
import { createOutbox } from '@movieverse/kit/outbox/sql-outbox'
import { createSqlSource } from '@movieverse/kit/outbox/sql-source'
import { outboxTables } from '@movieverse/kit/outbox/tables'
import { startEmbeddedPostgres } from '@movieverse/kit/postgres/embedded'
import { openPool } from '@movieverse/kit/postgres/pool'
import { env } from '../env.ts'
import { cpuSeconds, family } from '../process.ts'
import { say } from '../report.ts'

const topic = 'movieverse.reviews'
const group = 'bench.effects'

/** The way of events in one process, as a service and its consumers have it: outbox, relay, bus, inbox and effect. */
export async function openWay(engine: 'embedded' | 'kafka') {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-bus-'))
  const server = await startEmbeddedPostgres({ dataDir, log: silentLog })
  const pool = openPool({ connectionString: server.url('postgres'), max: 16 }, (error) => say(error.message))
  await pool.query(outboxTables)
  await pool.query('create table effect (event_id text primary key, number int)')
  const database = pgDatabase(pool)
  const bus = await openBus(engine, server.url('postgres'))
  const outbox = createOutbox({ source: 'bench' })
  const source = createSqlSource(database, outbox)
  const effects = createEffects({ database, group })
  const startedAt: number[] = []
  let latencies: number[] = []
  let number = 0
  let relay: Relay | undefined

  await bus.subscribe({
    group,
    topics: [topic],
    async handle(event) {
      const version = Number(event.data.version)
      await effects.once(event.id, async (sql) => {
        await sql.execute('insert into effect (event_id, number) values ($1, $2)', [event.id, version])
      })
      latencies.push(performance.now() - (startedAt[version] ?? 0))
    },
  })

  return {
    /** Writes an event of each film in one transaction, and tells the relay. */
    async write(films: readonly number[]): Promise<void> {
      const events = films.map((film) => {
        number += 1
        startedAt[number] = performance.now()
        const ids = { review_id: number, user_id: 1, movie_id: film + 1 }
        return {
          topic,
          key: film + 1,
          data: { type: 'review_created' as const, ...ids, rating: 4.5, version: number },
        }
      })
      await database.transaction((sql) => outbox.append(sql, events))
      outbox.wake()
    },

    async startRelay(): Promise<void> {
      relay = createRelay({ name: 'bench', source, bus, log: silentLog })
      await relay.start()
    },

    async stopRelay(): Promise<void> {
      await relay?.stop()
    },

    /** Waits for so many effects since the last call; answers the milliseconds that each took. */
    async arrived(count: number): Promise<readonly number[]> {
      while (latencies.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
      const taken = latencies
      latencies = []
      return taken
    },

    /** Milliseconds of CPU so far, of this process and of PostgreSQL's. */
    cpu(): { readonly node: number; readonly postgres: number } {
      const { user, system } = process.cpuUsage()
      const postgres = family(process.pid).filter((pid) => pid !== process.pid)
      return { node: (user + system) / 1000, postgres: cpuSeconds(postgres) * 1000 }
    },

    async close(): Promise<void> {
      await bus.close()
      await pool.end()
      await server.stop()
      await rm(dataDir, { recursive: true })
    },
  }
}

async function openBus(engine: 'embedded' | 'kafka', url: string): Promise<EventBus> {
  if (engine === 'embedded') return createPostgresBus({ url, log: silentLog })
  if (env.KAFKA_BROKERS === undefined)
    throw new RangeError('KAFKA_BROKERS names no broker: npm run engines -- up kafka')
  const prefix = `bench-${randomUUID().slice(0, 8)}.`
  return createKafkaBus({ brokers: env.KAFKA_BROKERS.split(','), log: silentLog, prefix })
}
