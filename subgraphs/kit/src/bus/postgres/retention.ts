import type { Pool } from 'pg'
import type { Log } from '../../log.ts'

export interface RetentionSettings {
  readonly pool: Pool
  readonly log: Log
  readonly retentionMs: number
  /** Milliseconds between passes. */
  readonly everyMs: number
}

/**
 * Deletes events older than `retentionMs` that every group which was at work within that time has done. Groups that nobody
 * has run for longer hold nothing back.
 */
export function startRetention(settings: RetentionSettings): { close(): Promise<void> } {
  const { pool, log, retentionMs, everyMs } = settings
  let pass: Promise<void> = Promise.resolve()
  let closing = false

  async function clean(): Promise<void> {
    const age = `now() - interval '1 millisecond' * $1::float8`
    try {
      // Members that were killed; they do not count, but their rows would pile up.
      await pool.query(`delete from bus.member where expires_at < now() - interval '1 hour'`)
      for (let deleted = 1; deleted > 0 && !closing; ) {
        const { rowCount } = await pool.query(
          `delete from bus.event where ctid = any (array(
             select event.ctid from bus.event
             where event.published_at < ${age} and not exists (
               select from bus.progress
               where progress.topic = event.topic and progress.partition = event.partition
                 and progress.leased_until > ${age}
                 and (progress.xid, progress.position) < (event.xid, event.position))
             limit 5000))`,
          [retentionMs],
        )
        deleted = rowCount ?? 0
      }
    } catch (error) {
      log.warn({ err: error }, 'event bus: old events stay until the next pass')
    }
  }

  const timer = setInterval(() => {
    pass = clean()
  }, everyMs)
  timer.unref()
  return {
    async close() {
      closing = true
      clearInterval(timer)
      await pass
    },
  }
}
