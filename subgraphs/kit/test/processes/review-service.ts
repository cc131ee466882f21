import { createPostgresBus } from '../../src/bus/postgres.ts'
import { silentLog } from '../../src/log.ts'
import { pgDatabase } from '../../src/outbox/database.ts'
import { createRelay } from '../../src/outbox/relay.ts'
import { createInbox } from '../../src/outbox/sql-inbox.ts'
import { createOutbox } from '../../src/outbox/sql-outbox.ts'
import { createSqlSource } from '../../src/outbox/sql-source.ts'
import { openPool } from '../../src/postgres/pool.ts'

/** A relay and a consumer whose effect stands beside its inbox mark: the whole way of an event, to be killed anywhere. */
const { url, busUrl, group, topic } = JSON.parse(process.argv[2] ?? '') as {
  url: string
  busUrl: string
  group: string
  topic: string
}

const log = silentLog
const database = pgDatabase(openPool({ connectionString: url, max: 8 }))
const bus = await createPostgresBus({ url: busUrl, log, leaseMs: 1000, pollMs: 100 })
const inbox = createInbox()
await bus.subscribe({
  group,
  topics: [topic],
  handle: (event) =>
    database.transaction(async (sql) => {
      if (!(await inbox.accept(sql, group, event.id))) return
      await sql.execute('insert into effect (key, number) values ($1, $2)', [event.key, event.data.version])
    }),
})
const outbox = createOutbox({ source: 'reviews' })
await createRelay({
  name: 'reviews',
  source: createSqlSource(database, outbox),
  bus,
  log,
  leaseMs: 1000,
  pollMs: 50,
  batchSize: 20,
}).start()
process.send?.('ready')
