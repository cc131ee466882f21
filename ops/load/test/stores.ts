import { databaseVariable } from '@movieverse/kit/env'
import { silentLog } from '@movieverse/kit/log'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import pg from 'pg'
import { loadedServices, type OpenStores, openStores } from '../open.ts'

/** The services' stores on databases of their own, and a look into them. */
export interface TestStores extends OpenStores {
  /** `DATABASE_URL_<SERVICE>` of each, for a program of its own. */
  readonly env: Readonly<Record<string, string>>
  /** The first column of a query's only row. */
  value(service: (typeof loadedServices)[number], query: string): Promise<number>
  rows(service: (typeof loadedServices)[number], query: string): Promise<readonly Record<string, unknown>[]>
}

export async function openTestStores(): Promise<TestStores> {
  const databases = new Map(
    await Promise.all(loadedServices.map(async (name) => [name, await createTestDatabase(name)] as const)),
  )
  const urlOf = (service: string) => {
    const found = loadedServices.find((name) => name === service)
    return (found && databases.get(found)?.url) ?? ''
  }
  const stores = await openStores(urlOf, silentLog)
  async function rows(service: string, query: string) {
    const client = new pg.Client({ connectionString: urlOf(service) })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(query)).rows
    } finally {
      await client.end()
    }
  }
  return {
    ...stores,
    env: Object.fromEntries(loadedServices.map((name) => [databaseVariable(name), urlOf(name)])),
    rows,
    value: async (service, query) => Number(Object.values((await rows(service, query))[0] ?? {})[0]),
    async close() {
      await stores.close()
      await Promise.all([...databases.values()].map((database) => database.close()))
    },
  }
}
