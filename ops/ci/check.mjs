// `npm run check`: every step runs, then the ones that failed are named.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const node = process.execPath
const steps = {
  types: ['node_modules/typescript/bin/tsc', '-p', '.'],
  'lint and format': ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  'dead code and unlisted packages': ['node_modules/knip/bin/knip.js', '--no-progress'],
  'generated files': ['ops/generate.mjs', '--check'],
  'schema and composition': ['dist/schema.js', '--check'],
}

/** Versions live in the catalog alone, so that no package is there in two. */
function versionsOutsideTheCatalog() {
  const folders = [
    '.',
    'gateway',
    'schema',
    'ops',
    ...readdirSync('subgraphs').map((name) => join('subgraphs', name)),
  ]
  return folders.flatMap((folder) => {
    const file = join(folder, 'package.json')
    if (!existsSync(file)) return []
    const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(file, 'utf8'))
    return Object.entries({ ...dependencies, ...devDependencies })
      .filter(([, version]) => version !== 'catalog:' && version !== 'workspace:*')
      .map(
        ([name, version]) =>
          `${file}: ${name} ${version}: write "catalog:" and the version in pnpm-workspace.yaml`,
      )
  })
}

const failed = Object.entries(steps).filter(([title, args]) => {
  const { status } = spawnSync(node, args, { stdio: 'inherit' })
  process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${title}\n`)
  return status !== 0
})
const stray = versionsOutsideTheCatalog()
for (const line of stray) process.stdout.write(`${line}\n`)
process.stdout.write(`${stray.length === 0 ? 'ok    ' : 'FAILED'} one version of each package\n`)
process.exitCode = failed.length + stray.length === 0 ? 0 : 1
