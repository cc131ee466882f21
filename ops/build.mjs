// Bundles the programs of the platform into dist/: our own code inside, every npm package outside.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const subgraphs = readdirSync('subgraphs').filter((name) =>
  existsSync(join('subgraphs', name, 'src/index.ts')),
)

/** Program name → entry file. `npm run service -- reviews` runs `service-reviews`. */
export const programs = {
  standalone: 'ops/standalone/index.ts',
  gateway: 'gateway/src/index.ts',
  admin: 'ops/admin/index.ts',
  backup: 'ops/backup/index.ts',
  bench: 'ops/bench/index.ts',
  engines: 'ops/engines/index.ts',
  drill: 'ops/drills/index.ts',
  load: 'ops/load/index.ts',
  migrate: 'ops/migrate/index.ts',
  sample: 'ops/sample/index.ts',
  secrets: 'ops/secrets/index.ts',
  seed: 'ops/seed/index.ts',
  distributed: 'ops/distributed/index.ts',
  nginx: 'ops/nginx/index.ts',
  schema: 'ops/schema/index.ts',
  ...Object.fromEntries(subgraphs.map((name) => [`service-${name}`, `subgraphs/${name}/src/index.ts`])),
}

const packagesOutside = {
  name: 'packages-outside',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@movieverse/') ? null : { path, external: true },
    )
  },
}

/** @returns {import('esbuild').BuildOptions} */
export function buildOptions(plugins = []) {
  return {
    entryPoints: Object.fromEntries(Object.entries(programs).filter(([, file]) => existsSync(file))),
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [packagesOutside, ...plugins],
  }
}
