import type { Log } from '@movieverse/kit/log'
import { createRelay } from '@movieverse/kit/outbox/relay'
import type { MongoClient } from 'mongodb'
import { createAnalysisStore } from './mongodb/analyses.ts'
import { collectionsOf, prepareCollections } from './mongodb/collections.ts'
import { createCreditsStore } from './mongodb/credits.ts'
import { createGenreStore } from './mongodb/genres.ts'
import { createFilmStore } from './mongodb/movies.ts'
import { createDocumentOutbox } from './mongodb/outbox.ts'
import { createPersonStore } from './mongodb/people.ts'
import { createDocumentSource } from './mongodb/source.ts'
import type { MetadataEngine } from './store.ts'

/**
 * Collections of MongoDB 8, in the database that the client's URL names; indexes are made when it opens. Needs no
 * transactions: a write changes one document, and the events that tell of it are part of that document. Consumers' effects
 * are upserts of the state that their event made them read, so an event that comes again changes nothing and no inbox is
 * needed.
 * @param settings.client is the store's from here on: `close()` ends it
 * @throws the driver's error when the server does not answer
 */
export async function openMongoStore({
  client,
  log,
}: {
  readonly client: MongoClient
  readonly log: Log
}): Promise<MetadataEngine> {
  const db = client.db()
  await prepareCollections(db)
  const collections = collectionsOf(db)
  const outbox = createDocumentOutbox(collections)
  return {
    store: {
      ...createGenreStore(collections, outbox),
      ...createPersonStore(collections, outbox),
      ...createCreditsStore(collections, outbox),
      ...createAnalysisStore(collections, outbox),
      ...createFilmStore(collections),
      ping: async () => void (await db.command({ ping: 1 })),
      close: () => client.close(),
    },
    outbox(bus) {
      const relay = createRelay({
        name: 'metadata',
        source: createDocumentSource(collections, { outbox, log }),
        bus,
        log,
      })
      return { background: [relay], checks: { outbox: () => relay.check() } }
    },
  }
}
