// Makes the folder that a container runs from: `node ops/docker/assemble.mjs FOLDER`. Installs and bundles here, then
// copies what the programs read, and installs there what they import when they run. Needs Node and npm.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageManager } from '../package-manager.mjs'

const [folder] = process.argv.slice(2)
if (!folder) {
  process.stderr.write('usage: node ops/docker/assemble.mjs FOLDER\n')
  process.exit(2)
}
const target = resolve(folder)
process.chdir(join(dirname(fileURLToPath(import.meta.url)), '../..'))
const run = (file, args, cwd = '.') =>
  execFileSync(file, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })

run(process.execPath, ['ops/run.mjs', 'build'])

const packages = ['gateway', 'schema', 'ops', ...readdirSync('subgraphs').map((name) => `subgraphs/${name}`)]
const manifests = packages.map((name) => `${name}/package.json`).filter((file) => existsSync(file))
const migrations = readdirSync('prisma', { recursive: true })
  .map((file) => join('prisma', file))
  .filter((file) => file.includes('/migrations/') && /\.(sql|toml)$/.test(file))
const files = [
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  ...manifests,
  ...migrations,
  'schema/supergraph.graphql',
  'schema/operations',
  'ops/sample/data',
  'ops/docker/health.mjs',
  'dist/graphiql',
]

rmSync(target, { recursive: true, force: true })
for (const file of files) {
  mkdirSync(dirname(join(target, file)), { recursive: true })
  cpSync(file, join(target, file), { recursive: true })
}
await bundle()
run('npx', ['--yes', packageManager, 'install', '--prod', '--frozen-lockfile', '--loglevel=error'], target)

/** What the images run, and what operators run in them. */
async function bundle() {
  const { build } = await import('esbuild')
  const { buildOptions, programs } = await import('../build.mjs')
  const commands = readFileSync('ops/docker/Dockerfile', 'utf8').matchAll(/"dist\/([\w-]+)\.js"/g)
  const names = ['admin', 'load', ...[...commands].map(([, name]) => name)]
  const entryPoints = Object.fromEntries(names.map((name) => [name, programs[name]]))
  await build({ ...buildOptions(), entryPoints, outdir: join(target, 'dist') })
}
