import { readFile, writeFile } from 'node:fs/promises'
import { processEnv } from '@movieverse/kit/env'
import {
  createIdentitySigner,
  createIdentityVerifier,
  identityHeader,
  loadIdentityKey,
} from '@movieverse/kit/identity'
import { createLog } from '@movieverse/kit/log'
import { openPlatform } from '@movieverse/kit/platform'
import { startSubgraphServer } from '@movieverse/kit/server'
import { createSubgraphs, serviceNames } from '../../standalone/subgraphs.ts'

/** An identity is valid for 60 s; a new one is signed after half of that. */
const IDENTITY_MS = 30_000

/**
 * Serves the platform's subgraphs over HTTP, all in this process, on a data folder whose PostgreSQL another platform
 * runs; consumers and workers are left to that one. Writes the supergraph with their addresses.
 */
export async function serveSubgraphsOf(
  dataDir: string,
  supergraphFile: string,
  keyFile: string,
): Promise<void> {
  const log = createLog({ service: 'bench', level: 'warn' })
  const platform = await openPlatform({ services: serviceNames, env: processEnv, dataDir, log, join: true })
  const key = await loadIdentityKey(keyFile)
  const subgraphs = await createSubgraphs(platform, { log })
  let supergraph = await readFile('schema/supergraph.graphql', 'utf8')
  for (const subgraph of subgraphs.all) {
    const server = await startSubgraphServer({
      subgraph,
      identity: createIdentityVerifier(subgraph.name, key),
      port: 0,
      health: { checks: {}, stopping: () => false },
      log,
    })
    const address = new RegExp(`(@join__graph\\(name: "${subgraph.name}", url: )"[^"]*"`)
    supergraph = supergraph.replace(address, `$1"http://127.0.0.1:${server.port}/graphql"`)
  }
  // Stock Apollo refuses a supergraph whose rights it doesn't enforce; pages of signed-out visitors need none of them.
  await writeFile(supergraphFile, supergraph.replaceAll(', for: SECURITY', ''))
  process.once('SIGTERM', () => platform.close().then(() => process.exit(0)))
}

/** Stock Apollo in front of them. All that is added is the identity without which a subgraph answers nobody. */
export async function servePagesByApollo(
  supergraphFile: string,
  keyFile: string,
  port: number,
): Promise<void> {
  const [{ ApolloGateway, RemoteGraphQLDataSource }, { ApolloServer }, { startStandaloneServer }] =
    await Promise.all([
      import('@apollo/gateway'),
      import('@apollo/server'),
      import('@apollo/server/standalone'),
    ])
  const signer = createIdentitySigner(await loadIdentityKey(keyFile))
  const identityOf = (audience: string) => {
    let signed: { readonly token: Promise<string>; readonly until: number } | undefined
    return () => {
      if (signed === undefined || Date.now() > signed.until) {
        const token = signer.sign(audience, { viewer: null, service: undefined })
        signed = { token, until: Date.now() + IDENTITY_MS }
      }
      return signed.token
    }
  }
  const gateway = new ApolloGateway({
    supergraphSdl: await readFile(supergraphFile, 'utf8'),
    buildService({ name, url }) {
      const identity = identityOf(name)
      return new RemoteGraphQLDataSource({
        url,
        async willSendRequest({ request }) {
          request.http?.headers.set(identityHeader, await identity())
        },
      })
    },
  })
  await startStandaloneServer(new ApolloServer({ gateway }), { listen: { port, host: '127.0.0.1' } })
}
