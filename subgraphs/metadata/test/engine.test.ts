import { silentLog } from '@movieverse/kit/log'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMetadataEngine } from '../src/engine.ts'
import { quiet } from './engines.ts'
import { mongoServer, newMongoDatabase } from './mongodb.ts'

async function saveGenreAt(url: string): Promise<void> {
  const { store } = await openMetadataEngine(url, { log: silentLog })
  await store.saveGenre(undefined, () => ({ name: 'Chosen', slug: 'chosen' }), quiet)
  await store.close()
}

describe('the scheme of the database’s URL chooses the engine', () => {
  test('postgres', async () => {
    const database = await createTestDatabase('metadata')
    onTestFinished(() => database.close())
    await saveGenreAt(database.url)
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query("select document->>'slug' as slug from genres")
    await client.end()
    expect(rows).toEqual([{ slug: 'chosen' }])
  })

  test.runIf(mongoServer !== null)('mongodb', async () => {
    const url = newMongoDatabase()
    await saveGenreAt(url)
    const client = new MongoClient(url)
    onTestFinished(() => client.close())
    expect(await client.db().collection('genres').find().toArray()).toMatchObject([{ slug: 'chosen' }])
    await client.db().dropDatabase()
  })

  test('of an engine that has no such store is refused', async () => {
    await expect(
      openMetadataEngine('mysql://127.0.0.1:9/metadata', { log: silentLog }),
    ).rejects.toMatchObject({ code: 'BAD_ENVIRONMENT' })
  })
})
