import { MongoClient } from 'mongodb'
import type { Engine } from './engine.ts'
import { jarsOf } from './sources/maven.ts'

const jars = jarsOf({ name: 'mongo', version: '1.47.0', java: 17 })

/** mongo-java-server: MongoDB's wire protocol over a store in memory. Its data goes with its process. */
export const mongo: Engine = {
  name: 'mongo',
  source: jars,
  server: {
    ports: [2],
    stopSignal: 'SIGTERM',
    variables: ({ ports: [port] }) => ({
      DATABASE_URL_METADATA: `mongodb://127.0.0.1:${port}/metadata`,
    }),
    async prepare({ ports: [port] }) {
      const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
      return [{ name: 'server', ...(await jars.command(flags, ['MongoWire', `${port}`])) }]
    },
    async check({ DATABASE_URL_METADATA = '' }) {
      const client = new MongoClient(DATABASE_URL_METADATA, { serverSelectionTimeoutMS: 2000 })
      try {
        await client.db().listCollections({}, { nameOnly: true }).toArray()
      } finally {
        await client.close()
      }
    },
  },
}
