import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { processEnv } from '../src/env.ts'
import { startKillablePostgres } from '../src/testing/killable-postgres.ts'

/** A server of a test's own, to be killed. */
export interface PrivateServer {
  readonly url: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** With what it kept, at the same place; resolves when it answers. */
  start(): Promise<void>
  close(): Promise<void>
}

const run = promisify(execFile)

/** Whether a RabbitMQ can be started here; where engines are required, it has to be. */
export const rabbitmqIsThere =
  processEnv.REQUIRE_ENGINES === '1' || existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server')

/** RabbitMQ in a set of engines of its own. */
export const startRabbitmq = (): Promise<PrivateServer> => startEngine('rabbitmq', 'RABBITMQ_URL')

/** Kafka in a set of engines of its own; its URL is a broker's `host:port`. */
export const startKafka = (): Promise<PrivateServer> => startEngine('kafka', 'KAFKA_BROKERS')

async function startEngine(name: string, variable: string): Promise<PrivateServer> {
  const folder = await mkdtemp(join(tmpdir(), `movieverse-${name}-`))
  // A server that the environment names would be taken for one that somebody else runs.
  const { [variable]: _, ...others } = processEnv
  const env = { ...others, ENGINES_DIR: folder, ENGINES_PORT: `${randomInt(200, 290) * 100}` }
  const engines = async (command: string) => {
    await run(process.execPath, ['ops/engines/index.ts', command, name], { env })
  }
  await engines('up')
  const lines = (await readFile(join(folder, 'env'), 'utf8')).split('\n')
  const url = lines.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1) ?? ''
  return {
    url,
    kill: () => engines('kill'),
    start: () => engines('up'),
    async close() {
      await engines('down')
      await rm(folder, { recursive: true })
    },
  }
}

/** PostgreSQL in a data folder of its own. */
export async function startPostgres(): Promise<PrivateServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'movieverse-postgres-'))
  const server = await startKillablePostgres(dataDir)
  return {
    url: server.url('postgres'),
    kill: server.kill,
    start: server.start,
    async close() {
      await server.stop()
      await rm(dataDir, { recursive: true })
    },
  }
}
