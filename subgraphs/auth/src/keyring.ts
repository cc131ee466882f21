import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { StartupError } from '@movieverse/kit/errors'
import type { JSONWebKeySet } from 'jose'
import type { Secret } from './secret.ts'
import type { AccountStore, SigningKey } from './store.ts'

export interface KeyringSettings {
  /** How long a key signs before the next one does. */
  readonly rotationMs: number
  /** How long a key is published before it signs: longer than any verifier caches the set. */
  readonly leadMs: number
  /** How long a key stays published after it has stopped signing: longer than the life of what it signed. */
  readonly trailMs: number
}

export interface Keyring {
  /** The key that signs now. */
  current(): Promise<{ kid: string; key: KeyObject }>
  /** Public keys whose signatures may be met: the next, the present, and the past until their tokens have expired. */
  jwks(): Promise<JSONWebKeySet>
  /** Publishes a next key, which signs after the lead time. */
  rotate(): Promise<{ kid: string; signsFrom: Date }>
  /** Replaces every key at once: what they signed is refused from now on. For a key that has leaked. */
  replace(): Promise<void>
  /** Makes a key when one is due, drops those that are past, reads what other processes have made. */
  maintain(): Promise<void>
}

/** Keys made elsewhere are known here within this time, which is well within the lead. */
const rereadMs = 60_000

interface KeyringParts {
  readonly store: AccountStore
  readonly secret: Secret
  readonly settings: KeyringSettings
  readonly now: () => Date
}

/** Ed25519 keys (RFC 8037) in the store, private halves sealed. */
export function createKeyring({ store, secret, settings, now }: KeyringParts): Keyring {
  const opened = new Map<string, KeyObject>()
  let known: { keys: readonly SigningKey[]; readAt: number } | undefined

  const keep = (keys: readonly SigningKey[]) => {
    known = { keys, readAt: now().getTime() }
    return keys
  }
  const generate = (signsFrom: Date): SigningKey => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const kid = randomUUID()
    const sealedKey = secret.seal('signing keys', privateKey.export({ type: 'pkcs8', format: 'der' }), kid)
    return {
      kid,
      publicJwk: { ...publicKey.export({ format: 'jwk' }) },
      sealedKey,
      createdAt: now(),
      signsFrom,
    }
  }
  /** By a clock that stands before all of them, the first: it is published as the others are. */
  const signing = (keys: readonly SigningKey[]) =>
    keys.filter((key) => key.signsFrom <= now()).reduce<SigningKey | undefined>(younger, undefined) ??
    keys.toSorted((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime())[0]

  async function maintain(): Promise<void> {
    keep(
      await store.changeSigningKeys(async (keys) => {
        const time = now().getTime()
        const youngest = keys.reduce<SigningKey | undefined>(younger, undefined)
        const dueAt = youngest ? youngest.signsFrom.getTime() + settings.rotationMs : time
        const add = !youngest
          ? [generate(now())]
          : dueAt <= time + settings.leadMs
            ? [generate(new Date(Math.max(dueAt, time + settings.leadMs)))]
            : []
        return {
          add,
          remove: keys.filter((key) => isPast(key, keys, time - settings.trailMs)).map(({ kid }) => kid),
        }
      }),
    )
  }

  async function present(): Promise<readonly SigningKey[]> {
    if (known && now().getTime() - known.readAt < rereadMs) return known.keys
    const keys = keep(await store.signingKeys())
    if (signing(keys)) return keys
    await maintain()
    return known?.keys ?? []
  }

  const open = ({ kid, sealedKey }: SigningKey): KeyObject => {
    let key = opened.get(kid)
    if (!key) {
      try {
        key = createPrivateKey({
          key: secret.open('signing keys', sealedKey, kid),
          type: 'pkcs8',
          format: 'der',
        })
      } catch (cause) {
        throw new StartupError(
          'START_FAILED',
          'The signing keys were sealed with another secret.',
          'Restore AUTH_SECRET or the file auth.secret, or empty the table signing_keys to start with new keys.',
          { cause },
        )
      }
      opened.set(kid, key)
    }
    return key
  }

  return {
    async current() {
      const key = signing(await present())
      if (!key) throw new Error('there is no key that signs')
      return { kid: key.kid, key: open(key) }
    },
    async jwks() {
      const keys = await present()
      const until = now().getTime() - settings.trailMs
      return {
        keys: keys
          .filter((key) => !isPast(key, keys, until))
          .map(({ kid, publicJwk }) => ({ ...publicJwk, kty: 'OKP', kid, alg: 'EdDSA', use: 'sig' })),
      }
    },
    async rotate() {
      const next = generate(new Date(now().getTime() + settings.leadMs))
      keep(await store.changeSigningKeys(async () => ({ add: [next], remove: [] })))
      return { kid: next.kid, signsFrom: next.signsFrom }
    },
    async replace() {
      const next = generate(now())
      keep(
        await store.changeSigningKeys(async (keys) => ({ add: [next], remove: keys.map(({ kid }) => kid) })),
      )
    },
    maintain,
  }
}

function younger(a: SigningKey | undefined, b: SigningKey): SigningKey {
  return a && a.signsFrom > b.signsFrom ? a : b
}

/** Whether another key has signed since before `until`, so that nothing of this one can still be valid. */
function isPast(key: SigningKey, keys: readonly SigningKey[], until: number): boolean {
  return keys.some((other) => other.signsFrom > key.signsFrom && other.signsFrom.getTime() <= until)
}
