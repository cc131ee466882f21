import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { processEnv } from '../env.ts'

/** Each engine with its variables; the first says where it is. */
export const variablesOf = {
  postgres: ['DATABASE_URL_PLATFORM', 'DATABASE_URL_AUTH', 'DATABASE_URL_USERS', 'DATABASE_URL_REVIEWS'],
  mariadb: ['DATABASE_URL_MOVIES'],
  mongo: ['DATABASE_URL_METADATA'],
  redis: ['REDIS_URL'],
  kafka: ['KAFKA_BROKERS'],
  rabbitmq: ['RABBITMQ_URL'],
  opensearch: ['OPENSEARCH_URL'],
  minio: ['S3_ENDPOINT', 'S3_REGION', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
} as const
export type EngineName = keyof typeof variablesOf

/** Variables of engines by name; those of an engine that isn't up are not there. */
export type EngineVariables = Readonly<Record<string, string>>

/**
 * Finds the engines of a run: those of the process's environment, otherwise those that `npm run engines -- up` told of.
 * One that takes no connection counts as not there. Says in a line which are missing.
 * @throws Error under REQUIRE_ENGINES=1 when any is missing
 */
export async function findEngines(): Promise<EngineVariables> {
  const file = join(processEnv.ENGINES_DIR ?? '.engines', 'env')
  const written = existsSync(file) ? parseEnv(await readFile(file, 'utf8')) : {}
  const found: Record<string, string> = {}
  const missing: string[] = []
  for (const [engine, variables] of Object.entries(variablesOf)) {
    const values = variables.map((name) => [name, processEnv[name] || written[name]] as const)
    const address = values[0]?.[1]
    if (address && (await takesConnections(address))) {
      for (const [name, value] of values) if (value) found[name] = value
    } else missing.push(engine)
  }
  if (missing.length > 0) {
    const line = `Not there, so not tested: ${missing.join(', ')} (npm run engines -- up)`
    if (processEnv.REQUIRE_ENGINES === '1') throw new Error(`Engines are required. ${line}`)
    process.stdout.write(`${line}\n`)
  }
  return found
}

const defaultPorts: Readonly<Record<string, number>> = {
  'postgres:': 5432,
  'postgresql:': 5432,
  'mysql:': 3306,
  'mongodb:': 27_017,
  'redis:': 6379,
  'amqp:': 5672,
  'http:': 80,
  'https:': 443,
}

/** @param address a URL, or a list of HOST:PORT */
async function takesConnections(address: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(
    address.includes('://') ? address : `kafka://${address.split(',')[0]}`,
  )
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || defaultPorts[protocol]), timeout: 2000 })
    const answer = (taken: boolean) => () => {
      socket.destroy()
      resolve(taken)
    }
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false))
  })
}
