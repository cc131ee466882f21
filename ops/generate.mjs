// Makes what is generated from prisma/: the PostgreSQL twin of every schema written for MySQL, and the clients of the
// schemas that changed since. Callable alone (node ops/generate.mjs) and without a database or a download.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { postgresTwin } from './migrate/twin.mjs'

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))

const prisma = 'node_modules/prisma'
const version = JSON.parse(readFileSync(join(prisma, 'package.json'), 'utf8')).version

/** Every schema; beside one written for MySQL its PostgreSQL twin, written anew when the original changed. */
function schemas() {
  const originals = readdirSync('prisma', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join('prisma', entry.name, 'schema.prisma'))
    .filter((file) => existsSync(file))
  return originals.flatMap((file) => {
    const twin = postgresTwin(readFileSync(file, 'utf8'))
    if (twin === undefined) return [file]
    const twinFile = join(dirname(file), 'postgres', 'schema.prisma')
    if (!existsSync(twinFile) || readFileSync(twinFile, 'utf8') !== twin) {
      mkdirSync(dirname(twinFile), { recursive: true })
      writeFileSync(twinFile, twin)
    }
    return [file, twinFile]
  })
}

function generate(file) {
  const text = readFileSync(file, 'utf8')
  const output = resolve(dirname(file), /output\s*=\s*"([^"]+)"/.exec(text)[1])
  const wanted = createHash('sha256').update(`${version}\n${text}`).digest('hex')
  const stamp = join(output, '.stamp')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return Promise.resolve()
  rmSync(output, { recursive: true, force: true })
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(prisma, 'build/index.js'), 'generate', '--schema', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Generating needs no engine, but looks for one: any file that exists keeps it from downloading.
      env: {
        ...process.env,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        CHECKPOINT_DISABLE: '1',
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
      },
    })
    let said = ''
    const hear = (chunk) => {
      said += chunk
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', fail)
    child.once('close', (code) => {
      if (code !== 0) return fail(new Error(`${file}: prisma generate ended with ${code}\n${said}`))
      writeFileSync(stamp, wanted)
      done()
    })
  })
}

try {
  await Promise.all(schemas().map(generate))
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
