import { createServer } from 'node:http'
import { join } from 'node:path'
import { sessionKey } from '@movieverse/gateway/auth/revocations'
import { silentLog } from '@movieverse/kit/log'
import { openKeyValues } from '@movieverse/kit/platform'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { NODE_FLAGS, programFile } from '../platform.ts'
import type { Subject } from './subjects.ts'

const sessionId = 'bench'

/** Opens the token's session in the data folder, which nobody else uses yet. */
async function openSession(dataDir: string): Promise<void> {
  const stores = await openKeyValues({ env: {}, dataDir, log: silentLog })
  await stores.sessions.set(sessionKey(sessionId), '{}')
  await stores.close()
}

/** A token as the platform's own: issuer, audience and claims that the gateway asks for. */
async function issueToken() {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  const token = await new SignJWT({ username: 'ottilie', roles: ['user'], sid: sessionId })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'bench', typ: 'JWT' })
    .setSubject('1')
    .setIssuer('movieverse')
    .setAudience('movieverse')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  const key = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'EdDSA', use: 'sig' }
  return { token, jwks: JSON.stringify({ keys: [key] }) }
}

let issued: ReturnType<typeof issueToken> | undefined

/** The key and the token are the same for all starts of a run. */
function credentials() {
  issued ??= issueToken()
  return issued
}

/** Serves the keys while this process lives, without keeping it alive. */
async function serveKeys(): Promise<string> {
  const { jwks } = await credentials()
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(jwks)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  server.unref()
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The keys have no port.')
  return `http://127.0.0.1:${address.port}/jwks.json`
}

/**
 * Our gateway as a platform runs it: each request has an access token whose session is looked up, each fetch a signed
 * identity, and documents, costs and rates are counted. The limits are so high that this query passes.
 */
export const movieverseGuarded: Subject = {
  name: 'movieverse-guarded',
  headers: async () => ({ authorization: `Bearer ${(await credentials()).token}` }),
  program: async ({ supergraphFile, port, folder, dedupe }) => {
    const dataDir = join(folder, 'data')
    await openSession(dataDir)
    return {
      command: process.execPath,
      args: [
        ...NODE_FLAGS.gateway,
        ...[programFile('gateway'), '--supergraph', supergraphFile, '--port', String(port)],
        ...(dedupe ? ['--dedupe'] : []),
      ],
      environment: {
        DATA_DIR: dataDir,
        JWKS_URL: await serveKeys(),
        LIMIT_COST: '1000000',
        LIMIT_DEPTH: '20',
        RATE_PER_ADDRESS: '100000000',
        RATE_PER_USER: '100000000',
        RATE_EXEMPT: '',
      },
    }
  },
}
