import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What is derived from the service's one secret: a key for each purpose (HKDF, RFC 5869), none of which tells another. */
export interface Secret {
  /** HMAC-SHA-256 under the purpose's key. */
  mac(purpose: string, ...parts: readonly (string | Uint8Array)[]): Buffer
  /** AES-256-GCM under the purpose's key; `bound` is authenticated with it and asked for again by `open`. */
  seal(purpose: string, plain: Uint8Array, bound: string): Uint8Array<ArrayBuffer>
  /** @throws when the secret, the purpose or `bound` is not the one it was sealed with */
  open(purpose: string, sealed: Uint8Array, bound: string): Buffer
}

/** @param text at least 32 characters, of which nobody can guess any */
export function createSecret(text: string): Secret {
  const keys = new Map<string, Buffer>()
  const keyFor = (purpose: string): Buffer => {
    let key = keys.get(purpose)
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', text, 'movieverse auth', purpose, 32))
      keys.set(purpose, key)
    }
    return key
  }
  return {
    mac(purpose, ...parts) {
      const hmac = createHmac('sha256', keyFor(purpose))
      for (const part of parts) hmac.update(part)
      return hmac.digest()
    },
    seal(purpose, plain, bound) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', keyFor(purpose), nonce).setAAD(Buffer.from(bound))
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
      return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), sealed]))
    },
    open(purpose, sealed, bound) {
      const bytes = Buffer.from(sealed)
      const decipher = createDecipheriv('aes-256-gcm', keyFor(purpose), bytes.subarray(0, 12))
        .setAAD(Buffer.from(bound))
        .setAuthTag(bytes.subarray(12, 28))
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
    },
  }
}

/**
 * The secret of a data folder, made at the first start and readable by its owner alone. Whoever loses it loses the
 * signing keys and every session, and nothing else.
 * @param folder made when it is not there
 */
export async function readSecretFile(folder: string): Promise<string> {
  const file = join(folder, 'auth.secret')
  const held = await readFile(file, 'utf8').catch(absent)
  const text = (held ?? (await makeSecretFile(file))).trim()
  if (text.length < 32) throw new Error(`${file} holds no secret: remove it, and a new one is made`)
  return text
}

/** Written beside and linked into place: of several first starts at once, all read the one that was first. */
async function makeSecretFile(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, randomBytes(48).toString('base64url'), { mode: 0o600, flush: true })
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(draft)
  return readFile(file, 'utf8')
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
