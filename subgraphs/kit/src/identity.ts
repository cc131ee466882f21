import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose'
import { LRUCache } from 'lru-cache'
import { Counter } from 'prom-client'
import { z } from 'zod'
import { folderFault } from './data-folder.ts'
import { reasonOf, StartupError, unauthenticated } from './errors.ts'
import { makeFolder } from './postgres/folder.ts'
import type { Viewer } from './viewer.ts'

/** The request header that carries a signed identity. */
export const identityHeader = 'x-movieverse-identity'

/** Seconds that a signed identity is valid. */
export const identityLifetime = 60

const issuer = 'movieverse-platform'

/** On whose behalf a subgraph is asked: a client's (signed in or not), or another service's own. */
export interface Identity {
  readonly viewer: Viewer | null
  /** Name of the service that asks for itself; undefined for a client's request. */
  readonly service: string | undefined
}

export interface IdentitySigner {
  /** @returns an EdDSA JWT of 60 seconds for one audience, a subgraph's name */
  sign(audience: string, identity: Identity): Promise<string>
}

export interface IdentityVerifier {
  /** @throws GraphQLError UNAUTHENTICATED when the token is absent, not ours, expired or for another audience */
  verify(token: string | undefined): Promise<Identity>
  /** For readiness, as what helps. @throws Error when one who asked has just been refused because of the clock */
  check(): Promise<void>
}

/** The platform's key, shared by the gateway and the services: who can sign with it is one of them. */
export interface IdentityKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

const claims = z.object({
  sub: z.string().regex(/^\d+$/).optional(),
  username: z.string().optional(),
  roles: z.array(z.enum(['user', 'admin'])).optional(),
  sid: z.string().optional(),
  service: z.string().optional(),
})

async function keyOf(jwk: JWK): Promise<IdentityKey> {
  const { d: _, ...publicPart } = jwk
  const [privateKey, publicKey, kid] = await Promise.all([
    importJWK(jwk, 'EdDSA'),
    importJWK(publicPart, 'EdDSA'),
    calculateJwkThumbprint(publicPart),
  ])
  if (privateKey instanceof Uint8Array || publicKey instanceof Uint8Array)
    throw new Error('not an Ed25519 key')
  return { kid, privateKey, publicKey }
}

/**
 * The platform's key: the environment's own, or that of a file, in the data folder unless the environment names another.
 * @throws StartupError BAD_ENVIRONMENT when IDENTITY_KEY is no such key; as loadIdentityKey does
 */
export async function readIdentityKey(env: {
  readonly DATA_DIR: string
  readonly IDENTITY_KEY?: string | undefined
  readonly IDENTITY_KEY_FILE?: string | undefined
}): Promise<IdentityKey> {
  if (env.IDENTITY_KEY === undefined)
    return loadIdentityKey(env.IDENTITY_KEY_FILE ?? join(env.DATA_DIR, 'keys', 'identity.json'))
  try {
    return await keyOf(JSON.parse(Buffer.from(env.IDENTITY_KEY, 'base64url').toString()) as JWK)
  } catch (cause) {
    throw new StartupError(
      'BAD_ENVIRONMENT',
      'IDENTITY_KEY is not a private Ed25519 JWK in base64url.',
      'npm run secrets makes one.',
      { cause },
    )
  }
}

/** A key that no other process knows: for a platform in one process, and for tests. */
export async function createIdentityKey(): Promise<IdentityKey> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true })
  return { kid: await calculateJwkThumbprint(await exportJWK(publicKey)), privateKey, publicKey }
}

/**
 * The key in a file (a private Ed25519 JWK, readable by its owner alone); made when there is none. Processes that start
 * together agree on one: the file is created exclusively, and who comes second reads it.
 * @throws StartupError START_FAILED when the file is not such a key, DATA_DIR_NOT_WRITABLE, DISK_FULL
 */
export async function loadIdentityKey(file: string): Promise<IdentityKey> {
  try {
    await createKeyFile(file)
  } catch (error) {
    throw folderFault(error, dirname(file)) ?? error
  }
  try {
    await chmod(file, 0o600)
    return await keyOf(JSON.parse(await readFile(file, 'utf8')) as JWK)
  } catch (error) {
    throw new StartupError(
      'START_FAILED',
      `The identity key in ${file} can't be used: ${reasonOf(error)}.`,
      'Restore the file from a backup, or delete it to have a new key made.',
      { cause: error },
    )
  }
}

/** Complete before it has its name, so that nobody reads half of a key. */
async function createKeyFile(file: string): Promise<void> {
  await makeFolder(dirname(file), 0o700)
  if (existsSync(file)) return
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const fresh = `${file}.${randomUUID()}`
  await writeFile(fresh, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600, flush: true })
  try {
    await link(fresh, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(fresh)
  }
}

/** Signs identities for the subgraphs that this process asks. */
export function createIdentitySigner({ kid, privateKey }: IdentityKey): IdentitySigner {
  return {
    sign(audience, { viewer, service }) {
      const statement = {
        ...(viewer ? { username: viewer.username, roles: [...viewer.roles], sid: viewer.sessionId } : {}),
        ...(service ? { service } : {}),
      }
      const token = new SignJWT(statement)
        .setProtectedHeader({ alg: 'EdDSA', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${identityLifetime}s`)
        .setJti(randomUUID())
      if (viewer) token.setSubject(String(viewer.userId))
      return token.sign(privateKey)
    },
  }
}

/** Tokens that were verified are kept until they end: the gateway uses one for 30 s. */
const rememberedTokens = 10_000
/** Seconds that the clocks of two processes may differ. */
const clockTolerance = 5

/** Milliseconds for which a refusal because of the clock is remembered. */
const rememberedMs = 5000

const refusals = new Counter({
  name: 'movieverse_identity_refusals_total',
  help: 'Identities that a subgraph refused, by reason: clock (signed by the platform, at another time), or other',
  labelNames: ['subgraph', 'reason'],
})

/** Seconds by which the clock of the signer differs: its signature was right and its time was not; undefined for other faults. */
function clockDifference(error: unknown): number | undefined {
  const isTime =
    error instanceof errors.JWTExpired ||
    (error instanceof errors.JWTClaimValidationFailed && error.claim === 'iat')
  return isTime ? (error.payload.iat ?? 0) - Math.floor(Date.now() / 1000) : undefined
}

/** Verifies the identities that a subgraph is asked with. `audience` is the subgraph's own name. */
export function createIdentityVerifier(audience: string, { publicKey }: IdentityKey): IdentityVerifier {
  const verified = new LRUCache<string, { readonly identity: Identity; readonly endsAt: number }>({
    max: rememberedTokens,
  })
  let apart: { readonly seconds: number; readonly at: number } | undefined
  return {
    async check() {
      if (apart && performance.now() - apart.at < rememberedMs)
        throw new Error(`The clock of who asks is ${apart.seconds} s from this one`)
    },

    async verify(token) {
      const known = token === undefined ? undefined : verified.get(token)
      if (known && known.endsAt > Date.now()) return known.identity
      if (token === undefined)
        throw unauthenticated('Only the gateway and the services of the platform are answered.')
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: ['EdDSA'],
          audience,
          issuer,
          requiredClaims: ['exp', 'iat'],
          maxTokenAge: identityLifetime,
          clockTolerance,
        })
        const { sub, username, roles, sid, service } = claims.parse(payload)
        const viewer =
          sub === undefined
            ? null
            : { userId: Number(sub), username: username ?? '', roles: roles ?? [], sessionId: sid ?? '' }
        const endsAt = ((payload.exp ?? 0) + clockTolerance) * 1000
        verified.set(token, { identity: { viewer, service }, endsAt })
        return { viewer, service }
      } catch (error) {
        const seconds = clockDifference(error)
        if (seconds !== undefined) apart = { seconds, at: performance.now() }
        refusals.inc({ subgraph: audience, reason: seconds === undefined ? 'other' : 'clock' })
        throw unauthenticated(`The request's identity is not valid: ${reasonOf(error)}`)
      }
    },
  }
}
