import { createServiceOutbox } from '@movieverse/kit/outbox/service-outbox'
import type { Service } from '@movieverse/kit/service'
import { openAuthEngine } from './engine.ts'
import { readAuthSecret, readAuthSettings } from './env.ts'
import { type AuthSubgraph, createAuthSubgraph } from './subgraph.ts'

/** The service on its engines, for a process of its own or a host of several. */
export const authService = {
  name: 'auth',
  async create({ databaseUrl, bus, sessions, cache, env, log }) {
    const engine = openAuthEngine(databaseUrl)
    const outbox = createServiceOutbox({ name: 'auth', ...engine, bus, log })
    const [settings, secret] = [readAuthSettings(env), await readAuthSecret(env)]
    return createAuthSubgraph({ store: engine.store, sessions, cache, secret, settings, log, ...outbox })
  },
  documents: (auth) => ({ '/.well-known/jwks.json': () => auth.jwks() }),
} satisfies Service<AuthSubgraph>
