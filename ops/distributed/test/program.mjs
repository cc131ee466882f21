// A process to be supervised: `node program.mjs stay|end|crash`. Tells of its start and its end in the file TOLD.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'

// biome-ignore lint/style/noProcessEnv: it stands alone
const { PORT, TOLD, NAME } = process.env
const [kind] = process.argv.slice(2)
const tell = (what) => appendFileSync(TOLD, `${NAME} ${what}\n`)

tell('starts')
if (kind === 'crash') throw new Error('this one cannot start')
if (kind === 'stay') {
  const server = createServer((request, response) => {
    if (request.url === '/crash') process.exit(3)
    response.end(NAME)
  }).listen(Number(PORT), '127.0.0.1')
  const stop = () => {
    tell('stops')
    server.close(() => process.exit(0))
    server.closeAllConnections()
  }
  process.once('SIGTERM', stop).once('disconnect', stop)
  process.on('SIGHUP', () => tell('reloads'))
}
