import { createPrivateKey, X509Certificate } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { createIdentitySigner, createIdentityVerifier, readIdentityKey } from '@movieverse/kit/identity'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeSecrets } from '../secrets.ts'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movieverse-secrets-'))
  file = join(folder, '.env')
})
afterEach(() => rm(folder, { recursive: true }))

const values = async () => parseEnv(await readFile(file, 'utf8'))
const decoded = (text = '') => Buffer.from(text, 'base64').toString()

test('all that the example leaves empty is made, differently each time, for the owner’s eyes alone', async () => {
  const made = await writeSecrets(file)
  const first = await values()
  expect(Object.keys(parseEnv(await readFile('.env.example', 'utf8'))).sort()).toEqual([...made].sort())
  for (const name of made) expect(first[name], name).toMatch(/^[\w+/=-]{32,}$/)
  expect(new Set(made.map((name) => first[name])).size).toBe(made.length)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await rm(file)
  await writeSecrets(file)
  const second = await values()
  for (const name of made) expect(second[name], name).not.toBe(first[name])
})

test('what is there stays, however often it runs; what is missing is added', async () => {
  await writeFile(file, '# mine\nREDIS_PASSWORD=chosen\nADMIN_PASSWORD=\n', { mode: 0o644 })
  await writeSecrets(file)
  const first = await values()
  expect(first.REDIS_PASSWORD).toBe('chosen')
  expect(first.ADMIN_PASSWORD).toHaveLength(43)
  expect(await readFile(file, 'utf8')).toContain('# mine\n')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await appendFile(file, 'OWN=1\n')
  expect(await writeSecrets(file)).toEqual([])
  expect(await values()).toEqual({ ...first, OWN: '1' })
})

test('the identity key signs and verifies, and the certificate is that of its key, for this machine', async () => {
  await writeSecrets(file)
  const { IDENTITY_KEY, TLS_CERTIFICATE, TLS_KEY } = await values()
  const key = await readIdentityKey({ DATA_DIR: folder, IDENTITY_KEY })
  const token = await createIdentitySigner(key).sign('reviews', { viewer: null, service: 'search' })
  expect((await createIdentityVerifier('reviews', key).verify(token)).service).toBe('search')
  const certificate = new X509Certificate(decoded(TLS_CERTIFICATE))
  expect(certificate.checkPrivateKey(createPrivateKey(decoded(TLS_KEY)))).toBe(true)
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.ca).toBe(false)
  expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now() + 300 * 24 * 3_600_000)
})

test('an identity key that is none is refused with what to do', async () => {
  await expect(readIdentityKey({ DATA_DIR: folder, IDENTITY_KEY: 'bm8ga2V5' })).rejects.toMatchObject({
    code: 'BAD_ENVIRONMENT',
  })
})
