// Health check of a container: ends with 0 when the process answers 200 at this path (default /readyz) of its PORT.
import { get } from 'node:http'

// biome-ignore lint/style/noProcessEnv: it runs alone, without the bundles
const { PORT = '4000' } = process.env
const [path = '/readyz'] = process.argv.slice(2)

get({ host: '127.0.0.1', port: PORT, path, timeout: 8_000 }, (response) => {
  if (response.statusCode === 200) {
    response.resume()
    return
  }
  process.exitCode = 1
  response.pipe(process.stderr)
})
  .on('timeout', function giveUp() {
    this.destroy(new Error('no answer within 8 s'))
  })
  .on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
