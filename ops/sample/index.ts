import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildSample } from './build.ts'

/** `node ops/run.mjs sample -- FOLDER`: makes `ops/sample/data/` again from the sources in the folder. */
const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('Name the folder that holds ml-latest-small/ and catalogue.jsonl.gz.\n')
  process.exit(2)
}

const target = join('ops', 'sample', 'data')
const sample = await buildSample(folder)
await mkdir(target, { recursive: true })
await writeFile(join(target, 'films.jsonl.br'), sample.films)
await writeFile(join(target, 'ratings.csv.br'), sample.ratings)
process.stdout.write(`films ${sample.films.length} bytes, ratings ${sample.ratings.length} bytes\n`)
