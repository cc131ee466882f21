import { createRequire } from 'node:module'
import { defineConfig } from 'vitest/config'

const require = createRequire(import.meta.url)

export default defineConfig({
  resolve: {
    // One copy of graphql for source files and for packages: instanceof checks fail between two.
    alias: [{ find: /^graphql$/, replacement: require.resolve('graphql/index.js') }],
  },
  oxc: { decorator: { legacy: true } },
  test: {
    include: ['{subgraphs/*,gateway,ops,schema}/**/*.test.ts'],
    globalSetup: ['subgraphs/kit/src/testing/global-setup.ts'],
    server: { deps: { inline: [/type-graphql/, /graphql-http/] } },
    setupFiles: ['reflect-metadata'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
