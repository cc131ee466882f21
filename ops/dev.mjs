// `npm run dev`: bundles on every change and restarts the platform; a change that does not compile leaves the old one up.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, watch } from 'node:fs'
import { context } from 'esbuild'
import { buildOptions } from './build.mjs'

/** Milliseconds that a change is given to be whole: editors and version control write several files at once. */
const settling = 30
const sources = ['gateway/src', 'ops', 'schema', 'subgraphs']
const ours = /^(?!.*(?:node_modules|generated)).*\.(?:ts|json)$/

const options = buildOptions()
const standalone = await context({
  ...options,
  entryPoints: { standalone: options.entryPoints.standalone },
  metafile: true,
})
let child
let running
let busy = false
let changed = false
let stopping = false

async function stop() {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

function start() {
  child = spawn(process.execPath, ['--enable-source-maps', 'dist/standalone.js'], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
}

function digest(files) {
  const hash = createHash('sha256')
  for (const file of files.toSorted()) hash.update(readFileSync(file))
  return hash.digest('hex')
}

/** Bundles and restarts until nothing has changed meanwhile. */
async function restart() {
  changed = true
  if (busy) return
  busy = true
  while (changed && !stopping) {
    await new Promise((resolve) => setTimeout(resolve, settling))
    changed = false
    // esbuild has said by itself what does not compile.
    const compiled = await standalone.rebuild().catch(() => undefined)
    const bundle = compiled && digest(Object.keys(compiled.metafile.outputs))
    // One change may be told of several times.
    if (bundle === undefined || bundle === running) continue
    running = bundle
    await stop()
    if (!stopping) start()
  }
  busy = false
}

// Not esbuild's own watching, which looks at the files in turn and sees a change up to two seconds later.
const watchers = sources.map((folder) =>
  watch(folder, { recursive: true }, (_, file) => {
    if (file === null || ours.test(file)) void restart()
  }),
)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, async () => {
    stopping = true
    for (const watcher of watchers) watcher.close()
    await standalone.dispose()
    await stop()
  })
}
await restart()
