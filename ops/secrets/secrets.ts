import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { exportJWK, generateKeyPair } from 'jose'
import { generate } from 'selfsigned'

type Made = Readonly<Record<string, string>>

const base64 = (text: string) => Buffer.from(text).toString('base64')
const year = 365 * 24 * 3_600_000

async function identityKey(): Promise<Made> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  return { IDENTITY_KEY: Buffer.from(JSON.stringify(await exportJWK(privateKey))).toString('base64url') }
}

/** Signed by itself, for this machine's own names. */
async function certificate(): Promise<Made> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + year),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { TLS_CERTIFICATE: base64(cert), TLS_KEY: base64(key) }
}

/** Secrets that are more than a random word; those of one maker belong together. */
const makers: Readonly<Record<string, () => Promise<Made>>> = {
  IDENTITY_KEY: identityKey,
  TLS_CERTIFICATE: certificate,
  TLS_KEY: certificate,
}

/** Letters, digits, `-` and `_`: fit for URLs and configuration files as they are. */
const word = () => randomBytes(32).toString('base64url')

/**
 * Fills in what is empty in `.env.example` and writes it to `file`, readable by its owner alone. What the file holds
 * already stays as it is.
 * @returns names of what was made
 */
export async function writeSecrets(file: string, example = '.env.example'): Promise<readonly string[]> {
  const held = existsSync(file) ? await readFile(file, 'utf8') : await readFile(example, 'utf8')
  const present = parseEnv(held)
  const wanted = Object.keys(parseEnv(await readFile(example, 'utf8')))
  const missing = wanted.filter((name) => !present[name])
  if (missing.length > 0) {
    const made: Record<string, string> = {}
    for (const name of missing) {
      if (made[name] !== undefined) continue
      const maker = makers[name]
      Object.assign(made, maker ? await maker() : { [name]: word() })
    }
    await writeWhole(file, withValues(held, made))
  }
  if (existsSync(file)) await chmod(file, 0o600)
  return missing
}

function withValues(text: string, values: Made): string {
  let result = text.endsWith('\n') ? text : `${text}\n`
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`^${name}=.*$`, 'm')
    result = line.test(result) ? result.replace(line, `${name}=${value}`) : `${result}${name}=${value}\n`
  }
  return result
}

/** Never half there. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`
  await writeFile(draft, text, { mode: 0o600, flush: true })
  await rename(draft, file)
}
