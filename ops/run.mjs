// The one entry of every npm script. Needs nothing but Node 20 and npm: installs the packages when the lock file has
// changed, makes what is generated, bundles, and hands over to the pinned Node in node_modules.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageManager } from './package-manager.mjs'

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))
const node = 'node_modules/node/bin/node'
const bin = join(process.cwd(), 'node_modules/.bin')
const environment = {
  ...process.env,
  PATH: `${join(process.cwd(), 'node_modules/node/bin')}:${bin}:${process.env.PATH}`,
  APOLLO_TELEMETRY_DISABLED: '1',
  // What V8 compiled of the packages and of dist/ is kept: a third of a start is compiling otherwise.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(process.cwd(), 'dist/compiled'),
}

// The gateway makes much short-lived garbage: with a young generation that starts small and grows slowly a request costs
// half as much CPU again. Its one core gains nothing from helper threads.
const nodeFlags = JSON.parse(readFileSync('ops/node-flags.json', 'utf8'))

/** The engines that services use. */
const servedEngines = ['postgres', 'mariadb', 'mongo', 'redis', 'kafka', 'rabbitmq']

const [command, ...rest] = process.argv.slice(2)
const say = (line) => process.stderr.write(`${line}\n`)

/** Runs a program to its end; signals reach it, and it ends when this process does. Answers its exit code. */
function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    // The channel closes with this process, however it dies; the platform then stops by itself.
    const child = spawn(file, args, {
      stdio: ['inherit', 'inherit', 'inherit', ...(options.channel ? ['ipc'] : [])],
      env: environment,
    })
    const pass = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, pass)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}

async function must(file, args) {
  const code = await run(file, args)
  if (code !== 0) process.exit(code)
}

function manifests() {
  const folders = [
    '.',
    'gateway',
    'schema',
    'ops',
    ...readdirSync('subgraphs').map((name) => join('subgraphs', name)),
  ]
  return [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...folders.map((folder) => join(folder, 'package.json')),
  ].filter(existsSync)
}

function digest(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(file))
  return hash.digest('hex')
}

async function install() {
  const wanted = digest(manifests())
  const stamp = 'node_modules/.movieverse-installed'
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node)) return
  say('Installing packages (once; a minute or so) …')
  const code = await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--loglevel=error'])
  if (code !== 0) {
    say(
      'The packages could not be installed. Check the network and the free disk space, then run the command again.',
    )
    process.exit(code)
  }
  writeFileSync(stamp, wanted)
}

/** Every source file with its size and time: what `dist/` was made of. */
function sources() {
  const found = ['pnpm-lock.yaml', 'gateway', 'ops', 'prisma', 'schema', 'subgraphs'].flatMap((place) =>
    statSync(place).isDirectory()
      ? readdirSync(place, { recursive: true }).map((file) => join(place, file))
      : [place],
  )
  const files = found.filter(
    (file) => /\.(ts|mts|mjs|json|prisma|yaml)$/.test(file) && !file.includes('node_modules'),
  )
  return files.map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`).join('\n')
}

/** Generates and bundles, unless nothing has changed since: a start should not wait for that. */
async function build() {
  const stamp = 'dist/sources'
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources()) return
  await must(node, ['ops/generate.mjs'])
  const [{ build: bundle, stop: stopBundler }, { buildOptions }] = await Promise.all([
    import('esbuild'),
    import('./build.mjs'),
  ])
  await bundle(buildOptions())
  await buildPage()
  // Its service would keep hundreds of megabytes for as long as the program runs.
  await stopBundler()
  writeFileSync(stamp, sources())
}

async function buildPage() {
  const wanted = digest(['gateway/src/graphiql/app.mjs', 'gateway/src/graphiql/build.mjs', 'pnpm-lock.yaml'])
  const stamp = 'dist/graphiql/stamp'
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const { buildGraphiql } = await import('../gateway/src/graphiql/build.mjs')
  await buildGraphiql('dist/graphiql')
  writeFileSync(stamp, wanted)
}

/**
 * Runs `work` while no other command of this checkout installs or bundles: several are started at once where every
 * service is a process. The lock of a killed command is taken over.
 */
async function alone(work) {
  mkdirSync('dist', { recursive: true })
  const lock = 'dist/preparing.lock'
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (!isHeld(lock)) rmSync(lock, { force: true })
      else await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  try {
    await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Whether the process that a lock names lives; a lock just made may still be empty. */
function isHeld(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    if (pid > 0) process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function prepare() {
  await alone(async () => {
    await install()
    await build()
  })
}

function program(name, args = rest, flags = []) {
  return run(node, [...(nodeFlags[name] ?? nodeFlags.others), ...flags, `dist/${name}.js`, ...args], {
    channel: true,
  })
}

/**
 * `npm start`, `backup`, `restore`: on what the environment names and the built-in PostgreSQL, or with `--profile engines`
 * on the real engines of this machine, which are started first.
 */
async function onProfile(name, before = []) {
  const at = rest.indexOf('--profile')
  const [, profile = 'none'] = at < 0 ? ['', 'embedded'] : rest.slice(at, at + 2)
  const args = [...before, ...rest.filter((_, index) => at < 0 || index < at || index > at + 1)]
  if (!['embedded', 'engines'].includes(profile) || (name === 'standalone' && args.length > 0)) {
    say(`usage: npm run ${command} -- [--profile embedded|engines]`)
    return 2
  }
  if (profile === 'embedded') return program(name, args)
  const code = await program('engines', ['up', ...servedEngines])
  if (code !== 0) return code
  const folder = environment.ENGINES_DIR || '.engines'
  // What is kept beside the engines' data goes when they are reset: how far the first load has come, keys, secrets.
  environment.DATA_DIR ||= join(folder, 'platform')
  return program(name, args, [`--env-file=${join(folder, 'env')}`])
}

const commands = {
  start: () => onProfile('standalone'),
  /** Nothing more: everything is installed and bundled by then. */
  build: () => 0,
  dev: () => run(node, ['ops/dev.mjs', ...rest]),
  test: () => run(node, ['node_modules/vitest/vitest.mjs', 'run', ...rest]),
  check: () => run(node, ['ops/ci/check.mjs', ...rest]),
  backup: () => onProfile('backup', ['backup']),
  restore: () => onProfile('backup', ['restore']),
  service: () => {
    const [service, ...args] = rest
    const known = readdirSync('subgraphs').filter((name) =>
      existsSync(join('subgraphs', name, 'src/index.ts')),
    )
    if (!known.includes(service)) {
      say(`Name a service: npm run service -- ${known.join('|')}`)
      return 2
    }
    return program(`service-${service}`, args)
  },
  ...Object.fromEntries(
    [
      'gateway',
      'admin',
      'bench',
      'engines',
      'drill',
      'load',
      'migrate',
      'sample',
      'schema',
      'secrets',
      'distributed',
    ].map((name) => [name, () => program(name)]),
  ),
}

if (!Object.hasOwn(commands, command)) {
  say(`usage: npm run ${Object.keys(commands).join('|')}`)
  process.exit(2)
}
await prepare()
process.exitCode = await commands[command]()
