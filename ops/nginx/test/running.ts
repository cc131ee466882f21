import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { freePort } from '@movieverse/kit/ports'
import { Agent, fetch, type RequestInit } from 'undici'
import { inherited } from '../../e2e/env.ts'
import { writeSecrets } from '../../secrets/secrets.ts'

/** nginx as docker-compose.yml runs it, on ports of its own. */
export interface RunningNginx {
  readonly folder: string
  readonly httpOrigin: string
  readonly httpsPort: number
  readonly certificate: string
  readonly program: ChildProcess
  /** Over TLS, with the certificate made for it and no other. */
  get(path: string, init?: RequestInit): ReturnType<typeof fetch>
  /** Starts it again on the same folder and ports, after the program has ended. */
  restart(): Promise<RunningNginx>
  close(): Promise<void>
}

export async function startNginx(
  gateways: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningNginx> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-nginx-'))
  await writeSecrets(join(folder, 'secrets'))
  const secrets = parseEnv(await readFile(join(folder, 'secrets'), 'utf8'))
  const environment = {
    ...inherited,
    ...secrets,
    PORT: String(await freePort()),
    HTTPS_PORT: String(await freePort()),
    PUBLIC_HTTPS_PORT: '443',
    GATEWAYS: gateways.join(','),
    NGINX_DIR: join(folder, 'nginx'),
    ...settings,
  }
  return run(folder, environment)
}

async function run(folder: string, environment: Record<string, string | undefined>): Promise<RunningNginx> {
  const program = spawn(process.execPath, ['ops/nginx/index.ts'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk) => (said += chunk))
  const httpOrigin = `http://127.0.0.1:${environment.PORT}`
  for (;;) {
    const alive = await fetch(`${httpOrigin}/nginx/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (alive) break
    if (program.exitCode !== null) throw new Error(`nginx did not start:\n${said}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const certificate = Buffer.from(environment.TLS_CERTIFICATE ?? '', 'base64').toString()
  const agent = new Agent({ connect: { ca: certificate } })
  return {
    folder: environment.NGINX_DIR ?? '',
    httpOrigin,
    httpsPort: Number(environment.HTTPS_PORT),
    certificate,
    program,
    get: (path, init) =>
      fetch(`https://localhost:${environment.HTTPS_PORT}${path}`, { dispatcher: agent, ...init }),
    restart: () => run(folder, environment),
    async close() {
      await agent.destroy()
      if (program.exitCode === null && program.signalCode === null) {
        const ended = once(program, 'exit')
        program.kill('SIGTERM')
        await ended
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}
