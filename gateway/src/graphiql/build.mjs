// Bundles GraphiQL into files that the gateway serves itself: the page's script and style, Monaco's workers, packed copies.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { build } from 'esbuild'

const pack = promisify(gzip)

const workers = {
  editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
  json: 'monaco-editor/esm/vs/language/json/json.worker.js',
  graphql: 'monaco-graphql/esm/graphql.worker.js',
}

/**
 * Writes the files and `manifest.json`, which names them. Run from the repository's root; takes about 3 s.
 * @param {string} outdir emptied first
 */
export async function buildGraphiql(outdir) {
  await rm(outdir, { recursive: true, force: true })
  const { metafile } = await build({
    entryPoints: { app: 'gateway/src/graphiql/app.mjs', ...workers },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    entryNames: '[name]-[hash]',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.ttf': 'file' },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  })
  const outputOf = (entry) =>
    Object.entries(metafile.outputs).find(
      ([file, { entryPoint }]) => file.endsWith('.js') && entryPoint?.endsWith(entry),
    )
  const [script, { cssBundle }] = outputOf('graphiql/app.mjs')
  const manifest = {
    script: basename(script),
    style: basename(cssBundle),
    workers: Object.fromEntries(
      Object.entries(workers).map(([name, entry]) => [name, basename(outputOf(entry)[0])]),
    ),
  }
  await writeFile(join(outdir, 'manifest.json'), JSON.stringify(manifest))
  const texts = (await readdir(outdir)).filter((file) => /\.(js|css)$/.test(file))
  await Promise.all(
    texts.map(async (file) =>
      writeFile(join(outdir, `${file}.gz`), await pack(await readFile(join(outdir, file)))),
    ),
  )
}
