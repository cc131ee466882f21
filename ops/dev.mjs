// `npm run dev`: bundles on every change and restarts the platform; a change that does not compile leaves the old one up.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { context } from 'esbuild'
import { buildOptions } from './build.mjs'

let child
let restarting = Promise.resolve()

async function stop() {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

async function restart() {
  await stop()
  child = spawn(process.execPath, ['--enable-source-maps', 'dist/standalone.js'], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
}

const onRebuild = {
  name: 'restart',
  setup(build) {
    build.onEnd(({ errors }) => {
      if (errors.length === 0) restarting = restarting.then(restart)
    })
  },
}

const watching = await context(buildOptions([onRebuild]))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, async () => {
    await watching.dispose()
    await restarting
    await stop()
  })
}
await watching.watch()
