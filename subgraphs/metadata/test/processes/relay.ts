import { createPostgresBus } from '@movieverse/kit/bus/postgres'
import { silentLog } from '@movieverse/kit/log'
import { createRelay } from '@movieverse/kit/outbox/relay'
import type { RelaySource } from '@movieverse/kit/outbox/source'
import { MongoClient } from 'mongodb'
import { mongoOptions } from '../../src/engine.ts'
import { collectionsOf } from '../../src/mongodb/collections.ts'
import { createDocumentOutbox } from '../../src/mongodb/outbox.ts'
import { createDocumentSource } from '../../src/mongodb/source.ts'

/** A relay of MongoDB's documents in a process of its own, to be killed. */
export interface RelayProcess {
  readonly url: string
  readonly busUrl: string
  /**
   * What it does with a batch: `publish, remove` is the relay as it is; `remove, publish` breaks its promise.
   * With `hold` it stops between the two and says `between`.
   */
  readonly order: 'publish, remove' | 'remove, publish'
  readonly hold: boolean
}

const { url, busUrl, order, hold } = JSON.parse(process.argv[2] ?? '') as RelayProcess

const log = silentLog
const client = new MongoClient(url, mongoOptions)
const bus = await createPostgresBus({ url: busUrl, log })
const collections = collectionsOf(client.db())
const source: RelaySource = createDocumentSource(collections, {
  outbox: createDocumentOutbox(collections),
  log,
})

const between = async () => {
  if (!hold) return
  process.send?.('between')
  await new Promise(() => {})
}

const removesFirst: RelaySource = {
  ...source,
  async read(slots, limit) {
    const pending = await source.read(slots, limit)
    if (pending.length > 0) {
      await source.remove(pending)
      await between()
    }
    return pending
  },
  remove: async () => {},
}

const publishesFirst: RelaySource = {
  ...source,
  async remove(pending) {
    await between()
    await source.remove(pending)
  },
}

await createRelay({
  name: 'metadata',
  source: order === 'publish, remove' ? publishesFirst : removesFirst,
  bus,
  log,
  leaseMs: 1000,
  pollMs: 50,
  batchSize: 20,
}).start()
process.send?.('ready')
