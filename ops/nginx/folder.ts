import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { nginxConfig } from './config.ts'
import type { NginxSettings } from './env.ts'

/** Makes nginx's folder with the certificate. @returns its absolute path */
export async function prepareFolder(settings: NginxSettings): Promise<string> {
  const folder = resolve(settings.NGINX_DIR)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, 'certificate.pem'), settings.TLS_CERTIFICATE)
  await writeFile(join(folder, 'key.pem'), settings.TLS_KEY, { mode: 0o600 })
  await endFormer(folder)
  return folder
}

/** @returns the file */
export async function writeConfig(
  folder: string,
  settings: NginxSettings,
  gateways: readonly string[],
): Promise<string> {
  const file = join(folder, 'nginx.conf')
  const text = nginxConfig({
    folder,
    gateways,
    host: settings.HOST,
    httpPort: settings.PORT,
    httpsPort: settings.HTTPS_PORT,
    publicHttpsPort: settings.PUBLIC_HTTPS_PORT,
    rate: settings.NGINX_RATE,
    connections: settings.NGINX_CONNECTIONS,
    user: process.getuid?.() === 0 ? 'root' : undefined,
  })
  await writeFile(file, text)
  return file
}

/** An nginx of this folder whose parent was killed still holds the ports. */
async function endFormer(folder: string): Promise<void> {
  const pid = Number(await textOf(join(folder, 'nginx.pid')))
  const command = pid > 0 ? await textOf(`/proc/${pid}/cmdline`) : ''
  if (!command.includes(join(folder, 'nginx.conf'))) return
  process.kill(pid, 'SIGTERM')
  while ((await textOf(`/proc/${pid}/cmdline`)).includes(folder)) await delay(20)
}

/** Empty when there is no such file. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && /ENOENT|ESRCH/.test(String(error.code))) return ''
    throw error
  }
}
