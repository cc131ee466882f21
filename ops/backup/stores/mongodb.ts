import { restoringMark } from '@movieverse/kit/databases/restoring'
import { BSON, type Document, MongoClient } from 'mongodb'
import { jsonLines, lines } from '../rows.ts'
import { isLeftOut, type StoreEngine, type StoreTarget, type StoreView, type TableShape } from './store.ts'

/**
 * MongoDB by cursors: documents as canonical Extended JSON, which keeps every type. There is no moment that all its
 * collections are seen at; whoever reads looks again whether anything has changed meanwhile.
 */
export const mongoStore: StoreEngine = { hold: async () => async () => undefined, view, target }

const { EJSON } = BSON
const writeDocument = (document: unknown): string => EJSON.stringify(document as Document, { relaxed: false })

async function collectionNames(client: MongoClient): Promise<string[]> {
  const found = await client.db().listCollections({}, { nameOnly: true }).toArray()
  const own = found.map(({ name }) => name).filter((name) => !name.startsWith('system.'))
  return own.filter((name) => name !== restoringMark).sort()
}

async function connect(url: string): Promise<MongoClient> {
  const options = { appName: 'backup', serverSelectionTimeoutMS: 10_000 }
  return await new MongoClient(url, {
    ...options,
    writeConcern: { w: 'majority' },
    promoteValues: false,
  }).connect()
}

async function view(url: string, leftOut: readonly string[]): Promise<StoreView> {
  const client = await connect(url)
  const names = (await collectionNames(client)).filter((name) => !isLeftOut(name, leftOut))
  return {
    tables: names.map((name) => ({ name, columns: [] })),
    sequences: {},
    read: ({ name }) =>
      jsonLines(client.db().collection(name).find().sort({ _id: 1 }).batchSize(500), writeDocument),
    close: () => client.close(),
  }
}

/** Documents of one insert. */
const batch = 500

async function target(url: string): Promise<StoreTarget> {
  const client = await connect(url)
  const db = client.db()
  return {
    // Who is connected is the server's operator's to see.
    isUsed: async () => false,
    async filled() {
      const names = await collectionNames(client)
      const found = await Promise.all(names.map((name) => db.collection(name).findOne()))
      return names.filter((_, index) => found[index] !== null)
    },
    async begin() {
      await db.collection(restoringMark).updateOne({}, { $set: { since: new Date() } }, { upsert: true })
    },
    async clear() {
      for (const name of await collectionNames(client)) await db.collection(name).drop()
    },
    async empty(tables) {
      for (const { name } of tables) await db.collection(name).deleteMany({})
    },
    async write({ name }: TableShape, rows) {
      let part: Document[] = []
      const insert = async () => {
        if (part.length > 0) await db.collection(name).insertMany(part)
        part = []
      }
      for await (const line of lines(rows)) {
        if (part.push(EJSON.parse(line, { relaxed: false })) >= batch) await insert()
      }
      await insert()
    },
    async setSequences() {},
    async finish() {
      await db.collection(restoringMark).drop()
    },
    close: () => client.close(),
  }
}
