import pg from 'pg'
import { backOff, createLatch } from '../../latch.ts'
import type { Log } from '../../log.ts'

export interface ListenerSettings {
  readonly url: string
  readonly channels: readonly string[]
  readonly log: Log
  heard(channel: string, payload: string): void
  /** Listening again after a gap in which notices may have been missed. */
  resumed(): void
}

/**
 * A connection of its own that hears NOTIFY, made anew with back-off when it is lost. Notices are a quick way only: whoever
 * waits for them polls as well.
 */
export async function createListener(settings: ListenerSettings): Promise<{ close(): Promise<void> }> {
  const { url, channels, log } = settings
  const halt = createLatch()
  let closing = false
  let client = await connect()
  const running = keepListening()

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: 'bus listener',
      keepAlive: true,
      connectionTimeoutMillis: 5000,
    })
    fresh.on('notification', ({ channel, payload }) => settings.heard(channel, payload ?? ''))
    // `end` follows; without a handler the error would end the process.
    fresh.on('error', (error) => log.warn({ err: error }, 'event bus: the listening connection was lost'))
    await fresh.connect()
    for (const channel of channels) await fresh.query(`listen ${channel}`)
    return fresh
  }

  async function keepListening(): Promise<void> {
    while (!closing) {
      await new Promise<void>((resolve) => client.once('end', () => resolve()))
      for (let failures = 0; !closing; ) {
        try {
          client = await connect()
          if (closing) await client.end()
          else settings.resumed()
          break
        } catch (error) {
          failures += 1
          log.warn({ failures, err: error }, 'event bus: not listening, polling only')
          await halt.wait(backOff(failures, 100, 5000))
        }
      }
    }
  }

  return {
    async close() {
      closing = true
      halt.raise()
      await client.end()
      await running
    },
  }
}
