import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processEnv } from '../src/env.ts'

/** A broker of a test's own, to be killed: a set of the engines' command with a folder and ports of its own. */
export interface KafkaServer {
  readonly address: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** With the data that it had; resolves when it answers. */
  start(): Promise<void>
  close(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export async function startKafkaServer(): Promise<KafkaServer> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-kafka-'))
  // A broker that the environment names would be taken for one that somebody else runs.
  const { KAFKA_BROKERS: _, ...others } = processEnv
  const env = { ...others, ENGINES_DIR: folder, ENGINES_PORT: String(await freePort()) }

  async function engines(command: string): Promise<void> {
    const child = spawn(
      process.execPath,
      ['--disable-warning=TimeoutNegativeWarning', 'ops/engines/index.ts', command, 'kafka'],
      { env, stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`engines ${command} ended with ${code}`)
  }

  await engines('up')
  const variables = await readFile(join(folder, 'env'), 'utf8')
  const address = /^KAFKA_BROKERS=(.+)$/m.exec(variables)?.[1]
  if (address === undefined) throw new Error('The engines’ command told no address')
  return {
    address,
    kill: () => engines('kill'),
    start: () => engines('up'),
    async close() {
      await engines('reset')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
