import { randomBytes } from 'node:crypto'
import { urlOfDatabase } from '@movieverse/kit/databases/engine'
import { silentLog } from '@movieverse/kit/log'
import { engineAddress } from '@movieverse/kit/testing/engines'
import { MongoClient } from 'mongodb'
import { mongoOptions } from '../src/engine.ts'
import { openMongoStore } from '../src/store.mongodb.ts'
import type { TestEngine } from './engines.ts'

/** The server of the run. */
export const mongoServer = engineAddress('mongo')

/** A database of its own on the server that is up; its URL. */
export function newMongoDatabase(): string {
  if (mongoServer === null) throw new Error('No server of MongoDB is up')
  return urlOfDatabase(mongoServer, `test_metadata_${randomBytes(6).toString('hex')}`)
}

export async function openMongo(): Promise<TestEngine> {
  const url = newMongoDatabase()
  const clients: MongoClient[] = []
  let sent: string[] = []
  const open = () => {
    const client = new MongoClient(url, { ...mongoOptions, monitorCommands: true })
    client.on('commandStarted', ({ commandName, command }) => {
      if (commandName !== 'endSessions') sent.push(`${commandName} ${JSON.stringify(command)}`)
    })
    clients.push(client)
    return openMongoStore({ client, log: silentLog })
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
      const cleaner = new MongoClient(url, mongoOptions)
      await cleaner.db().dropDatabase()
      await cleaner.close()
      for (const client of clients) await client.close()
    },
  }
}
