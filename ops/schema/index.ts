import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reasonOf } from '@movieverse/kit/errors'
import { readIfThere } from '@movieverse/kit/files'
import { printSdl } from '@movieverse/kit/graphql/build'
import { silentLog } from '@movieverse/kit/log'
import { openPlatform } from '@movieverse/kit/platform'
import { createSubgraphs, serviceNames } from '../standalone/subgraphs.ts'
import { composeSupergraph, type SubgraphSdl } from './compose.ts'
import { operationFaults } from './operations.ts'

/** What each subgraph's code prints, from the very subgraphs that run. */
async function printSubgraphs(): Promise<SubgraphSdl[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-schema-'))
  const platform = await openPlatform({ services: serviceNames, env: {}, dataDir, log: silentLog })
  try {
    const { all } = await createSubgraphs(platform, { log: silentLog, env: { DATA_DIR: dataDir } })
    const printed = all.map(({ name, schema }) => ({ name, sdl: printSdl(schema) }))
    for (const subgraph of all) await subgraph.close()
    return printed
  } finally {
    await platform.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** File → text of everything that is generated from the subgraphs' code. */
async function generate(): Promise<Map<string, string>> {
  const subgraphs = await printSubgraphs()
  const files = new Map(subgraphs.map(({ name, sdl }) => [`schema/${name}.graphql`, `${sdl.trim()}\n`]))
  const supergraph = composeSupergraph(subgraphs)
  const faults = await operationFaults(supergraph, 'schema/operations')
  if (faults.length > 0) throw new Error(`Operations of front ends would break:\n  ${faults.join('\n  ')}`)
  return files.set('schema/supergraph.graphql', `${supergraph.trim()}\n`)
}

/** `npm run schema` writes the files; `-- --check` names those that are not what the code says. */
async function main(check: boolean): Promise<string[]> {
  const stale: string[] = []
  for (const [file, text] of await generate()) {
    if ((await readIfThere(file)) === text) continue
    stale.push(file)
    if (!check) await writeFile(file, text)
  }
  return stale
}

try {
  const check = process.argv.includes('--check')
  const stale = await main(check)
  for (const file of stale)
    process.stdout.write(`${check ? 'not up to date (npm run schema)' : 'written'}: ${file}\n`)
  if (check && stale.length > 0) process.exitCode = 1
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`)
  process.exitCode = 1
}
