import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { StartupError } from '../../src/errors.ts'
import { runProcess } from '../../src/lifecycle.ts'
import { createLog } from '../../src/log.ts'

/** A process whose parts say when they stop, and which ends in the way that its argument names. */
const ending = process.argv[2]
const say = (line: string): void => void process.stdout.write(`${line}\n`)

await runProcess(createLog({ service: 'test' }), async (lifecycle) => {
  const server = createServer().listen(0)
  lifecycle.onStop('first', async () => {
    server.close()
    say('first stopped')
  })
  if (ending === 'startup')
    throw new StartupError('PORT_TAKEN', 'Port 4000 is taken.', 'Set PORT to another one.')
  if (ending === 'slow start') {
    say('ready')
    await delay(300)
    lifecycle.onStop('late', async () => say('late stopped'))
    return
  }
  lifecycle.onStop('second', async () => {
    say('second stopped')
    if (ending === 'failing') throw new Error('no')
    if (ending === 'hanging') await new Promise(() => undefined)
  })
  if (ending === 'uncaught') setTimeout(() => Promise.reject(new Error('a bug')), 10)
  say('ready')
})
