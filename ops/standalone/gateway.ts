import { createAuthentication } from '@movieverse/gateway/auth/authentication'
import { createRevocations } from '@movieverse/gateway/auth/revocations'
import { createTokenVerifier } from '@movieverse/gateway/auth/tokens'
import { readGatewaySettings } from '@movieverse/gateway/env'
import { createEngine } from '@movieverse/gateway/execution/engine'
import { createGateway, type Gateway } from '@movieverse/gateway/gateway'
import { planners } from '@movieverse/gateway/planning/planners'
import { frontOptions, readFiles } from '@movieverse/gateway/program'
import { supergraphFile } from '@movieverse/gateway/supergraph/file'
import type { LocalExecutor } from '@movieverse/gateway/transport/local'
import { createMeasuredTransport } from '@movieverse/gateway/transport/metrics'
import { createContext, type LocalExecutor as SubgraphExecutor } from '@movieverse/kit/graphql/local'
import type { Log } from '@movieverse/kit/log'
import type { Platform } from '@movieverse/kit/platform'
import type { Subgraphs } from './subgraphs.ts'

/** The viewer is handed over as the gateway knows it: within a process there is nobody to prove it to. */
const inMemory =
  (execute: SubgraphExecutor): LocalExecutor =>
  (request, context) =>
    execute(request, createContext(context))

export interface StandaloneGatewayOptions {
  readonly platform: Pick<Platform, 'sessions' | 'cache'>
  readonly subgraphs: Subgraphs
  readonly introspection: boolean
  readonly log: Log
}

/** The gateway over subgraphs of the same process, with all that it has in front of the open network. */
export async function createStandaloneGateway(options: StandaloneGatewayOptions): Promise<Gateway> {
  const { platform, subgraphs, introspection, log } = options
  const settings = readGatewaySettings()
  const planner = await planners.get('hive')?.()
  if (planner === undefined) throw new Error('there is no planner')
  const transport = createMeasuredTransport({
    local: new Map([...subgraphs.executors].map(([name, execute]) => [name, inMemory(execute)])),
    log,
  })
  const tokens = createTokenVerifier({
    jwks: () => subgraphs.auth.jwks(),
    issuer: 'movieverse',
    audience: 'movieverse',
  })
  const onError = (err: Error, { name }: { readonly name: string | undefined }) =>
    log.error({ err, operation: name }, 'an operation failed in the gateway')
  return createGateway({
    source: supergraphFile(settings.SUPERGRAPH, { log }),
    engineOf: (supergraph) => createEngine({ supergraph, planner, transport, onError }),
    authentication: createAuthentication({ tokens, revocations: createRevocations(platform.sessions) }),
    cache: platform.cache,
    ...frontOptions(settings, true),
    ...(await readFiles(settings)),
    introspection,
    log,
  })
}
