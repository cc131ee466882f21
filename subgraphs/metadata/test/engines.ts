import { silentLog } from '@movieverse/kit/log'
import { openPool } from '@movieverse/kit/postgres/pool'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import pg from 'pg'
import { unknownPerson } from '../src/person-facts.ts'
import { openPostgresStore } from '../src/store.postgres.ts'
import type { MetadataEngine, PersonFacts } from '../src/store.ts'
import { mongoServer, openMongo } from './mongodb.ts'

/** An engine on a database of its own, which counts what it sends there. */
export interface TestEngine extends MetadataEngine {
  /** Statements sent since the last call. */
  statements(): readonly string[]
  /** Another opening of the same database. */
  reopen(): Promise<MetadataEngine>
  close(): Promise<void>
}

/** Every engine of the port. A further one is a line here. */
export const engines: readonly { readonly name: string; readonly open: () => Promise<TestEngine> }[] = [
  { name: 'PostgreSQL', open: openPostgres },
  ...(mongoServer === null ? [] : [{ name: 'MongoDB', open: openMongo }]),
]

async function openPostgres(): Promise<TestEngine> {
  const database = await createTestDatabase('metadata')
  const pools: pg.Pool[] = []
  let sent: string[] = []
  const open = () => {
    const pool = openPool({
      connectionString: database.url,
      max: 4,
      Client: countingClient((text) => sent.push(text)),
    })
    pools.push(pool)
    return openPostgresStore({ pool, log: silentLog })
  }
  const engine = await open()
  return {
    ...engine,
    statements() {
      const counted = sent
      sent = []
      return counted
    },
    reopen: open,
    async close() {
      for (const pool of pools) if (!pool.ended) await pool.end()
      await database.close()
    },
  }
}

/** A client that tells of each statement before it goes out. */
function countingClient(tell: (text: string) => void): typeof pg.Client {
  return class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config)
      const send = this.query.bind(this)
      const counted = (...parameters: Parameters<typeof send>) => {
        const [first] = parameters
        tell(typeof first === 'string' ? first : String(first))
        return send(...parameters)
      }
      Object.assign(this, { query: counted })
    }
  }
}

/** Facts of a person of whom only these are known. */
export const personFacts = (name: string, more: Partial<PersonFacts> = {}): PersonFacts => ({
  ...unknownPerson,
  name,
  ...more,
})

/** Tells nothing. */
export const quiet = () => []
