import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventConsumer } from '@movieverse/kit/bus/bus'
import { platformSettings, port, processEnv, readEnv } from '@movieverse/kit/env'
import { createHealthHandler } from '@movieverse/kit/health'
import type { JobWorker } from '@movieverse/kit/jobs/jobs'
import { runProcess } from '@movieverse/kit/lifecycle'
import { createLog } from '@movieverse/kit/log'
import { type OutboxDatabase, pgDatabase } from '@movieverse/kit/outbox/database'
import { createInbox } from '@movieverse/kit/outbox/sql-inbox'
import { outboxTables } from '@movieverse/kit/outbox/tables'
import { openPlatform, type Platform } from '@movieverse/kit/platform'
import { patience } from '@movieverse/kit/postgres/patience'
import { openPool } from '@movieverse/kit/postgres/pool'
import { z } from 'zod'

import { WrongUse } from './drill.ts'

/** What a witness has noted; the place is the order in which its effects were committed. */
const tables = `${outboxTables}
create table if not exists seen (place bigserial primary key, event_id text not null, type text not null, film text not null, review text not null);
create table if not exists done (place bigserial primary key, event_id text not null);`

/** Promises of a consumer that a drill can break, to show that it would notice. */
const mutations = ['acknowledge-before-effect', 'no-inbox'] as const

/** @throws WrongUse for a mutation that there isn't */
export function checkMutation(name: string | undefined): void {
  if (name !== undefined && !mutations.some((known) => known === name))
    throw new WrongUse(`The mutations are ${mutations.join(' and ')}.`)
}

const group = 'drill-witness'
const queue = 'drill-done'
/** Milliseconds that a broken promise stays open, so that kills fall into it. */
const window = { 'acknowledge-before-effect': 4000, 'no-inbox': 1000 }

/**
 * A consumer and a worker of the drill, as a process that can be killed: each review event leaves a row in `seen`, and
 * by a job a row in `done`, exactly once, because each row is written in the transaction of its inbox mark.
 * @param notesUrl where the rows are kept
 */
export async function runWitness(notesUrl: string, mutation: string | undefined): Promise<void> {
  const log = createLog({ service: 'witness', level: 'warn' })
  await runProcess(log, async (lifecycle) => {
    const { DATA_DIR: dataDir, PORT } = readEnv(z.object({ ...platformSettings, PORT: port }))
    const platform = await openPlatform({ services: [], env: processEnv, dataDir, log })
    lifecycle.onStop('platform', () => platform.close())
    const pool = openPool({ connectionString: notesUrl, max: 4, ...patience }, (error) =>
      log.warn({ err: error }, 'a connection to the notes was lost'),
    )
    lifecycle.onStop('notes', () => pool.end())
    await pool.query(tables)
    const database = pgDatabase(pool)
    const worker = await platform.jobs.work(doer(database))
    lifecycle.onStop('worker', () => worker.close())
    const subscription = await platform.bus.subscribe(witness(database, { jobs: platform.jobs, mutation }))
    lifecycle.onStop('consumer', () => subscription.close())
    const { bus, jobs } = platform
    const health = createHealthHandler({
      checks: { bus: () => bus.ping(), jobs: () => jobs.ping() },
      stopping: lifecycle.stopping,
    })
    const server = createServer((request, response) => {
      if (!health(request, response)) response.writeHead(404).end()
    })
    await once(server.listen(PORT, '127.0.0.1'), 'listening')
    lifecycle.onStop('server', async () => server.close())
  })
}

function witness(
  database: OutboxDatabase,
  { jobs, mutation }: { readonly jobs: Platform['jobs']; readonly mutation: string | undefined },
): EventConsumer {
  const inbox = createInbox()
  return {
    group,
    topics: ['movieverse.reviews'],
    async handle(event) {
      const effect = () =>
        database.transaction(async (sql) => {
          const isNew = await inbox.accept(sql, group, event.id)
          if (!isNew && mutation !== 'no-inbox') return
          await sql.execute('insert into seen (event_id, type, film, review) values ($1, $2, $3, $4)', [
            event.id,
            event.type,
            event.key,
            String(event.data.review_id),
          ])
          // Before the commit: a job that is queued twice is done once, one that is not queued never.
          await jobs.publish(queue, [{ id: event.id, data: { event_id: event.id } }])
        })
      if (mutation === 'acknowledge-before-effect') return void delay(window[mutation]).then(effect)
      await effect()
      if (mutation === 'no-inbox') await delay(window[mutation])
    },
  }
}

function doer(database: OutboxDatabase): JobWorker {
  const inbox = createInbox()
  return {
    queue,
    concurrency: 8,
    // A killed witness's jobs are waited for.
    timeoutMs: 5000,
    handle: (job) =>
      database.transaction(async (sql) => {
        const eventId = String(job.data.event_id)
        if (!(await inbox.accept(sql, queue, eventId))) return
        await sql.execute('insert into done (event_id) values ($1)', [eventId])
      }),
  }
}
