import type { Log } from '@movieverse/kit/log'
import type { Background } from '@movieverse/kit/subgraph'
import type { Keyring } from './keyring.ts'

/** Well within a key's lead, so that every process knows a next key before it signs. */
const everyMs = 60_000

/** Looks every minute whether a key is due or past. The first key is there when it has started. */
export function createKeyRotation(keyring: Keyring, log: Log): Background {
  let timer: NodeJS.Timeout | undefined
  let pass = Promise.resolve()
  const maintain = () =>
    keyring.maintain().catch((error: unknown) => {
      log.warn({ err: error }, 'signing keys could not be looked after; the next minute tries again')
    })
  return {
    name: 'auth-key-rotation',
    async start() {
      await keyring.maintain()
      await keyring.current()
      timer = setInterval(() => {
        pass = maintain()
      }, everyMs)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      await pass
    },
  }
}
