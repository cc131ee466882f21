import { readFile } from 'node:fs/promises'

/** Stock Apollo as its documentation starts it: gateway, server, standalone transport, default data sources. */
export async function serveApollo(supergraphFile: string, port: number): Promise<void> {
  const [{ ApolloGateway }, { ApolloServer }, { startStandaloneServer }] = await Promise.all([
    import('@apollo/gateway'),
    import('@apollo/server'),
    import('@apollo/server/standalone'),
  ])
  const gateway = new ApolloGateway({ supergraphSdl: await readFile(supergraphFile, 'utf8') })
  await startStandaloneServer(new ApolloServer({ gateway }), { listen: { port, host: '127.0.0.1' } })
}
