import type { Log } from '../log.ts'
import type { Background } from '../subgraph.ts'
import type { OutboxDatabase } from './database.ts'
import { dialectOf } from './dialect.ts'

export interface InboxCleanupSettings {
  readonly name: string
  readonly database: OutboxDatabase
  readonly log: Log
  /** Milliseconds that a mark is kept; longer than the bus may deliver an event again. Default 30 days. */
  readonly keepMs?: number
  /** Milliseconds between passes; default one hour. */
  readonly everyMs?: number
}

const day = 24 * 60 * 60 * 1000

/** Deletes inbox marks that are too old for their event to come again. The first pass is one interval after the start. */
export function createInboxCleanup(settings: InboxCleanupSettings): Background {
  const { name, database, log, keepMs = 30 * day, everyMs = day / 24 } = settings
  const { nowPlus } = dialectOf(database.sql)
  let timer: NodeJS.Timeout | undefined
  let pass: Promise<void> = Promise.resolve()

  async function cleanUp(): Promise<void> {
    try {
      const deleted = await database.sql.execute(
        `delete from inbox where accepted_at < ${nowPlus(-keepMs)}`,
        [],
      )
      if (deleted > 0) log.info({ service: name, deleted }, 'old inbox marks deleted')
    } catch (error) {
      log.warn(
        { service: name, err: error },
        'inbox marks could not be cleaned up; the next pass tries again',
      )
    }
  }

  return {
    name: `${name}-inbox-cleanup`,
    async start() {
      timer ??= setInterval(() => {
        pass = cleanUp()
      }, everyMs)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      timer = undefined
      await pass
    },
  }
}
