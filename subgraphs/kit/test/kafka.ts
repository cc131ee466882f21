import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { vi } from 'vitest'
import type { TestDatabase } from '../src/testing/database.ts'
import { engineAddress } from '../src/testing/engines.ts'

const brokers = engineAddress('kafka')

/** The Kafka cluster that is up, if one is. */
export const kafkaPlaces: (() => TestDatabase)[] = brokers ? [() => placeIn(brokers)] : []

/** A corner of a Kafka cluster: all names in it begin with the same prefix. Closed, its topics and groups are gone. */
function placeIn(brokers: string): TestDatabase {
  const prefix = `test-${randomUUID().slice(0, 8)}.`
  return {
    url: `kafka://${brokers}#${prefix}`,
    async close() {
      const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
      await admin.connect()
      const topics = await admin.listTopics()
      await admin.deleteTopics({ topics: topics.filter((topic) => topic.startsWith(prefix)) })
      // A group counts a killed member until its session ends. Those that go at once are not there the next time.
      const removeGroups = async () => {
        const { groups } = await admin.listGroups()
        const ids = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(prefix))
        if (ids.length > 0) await admin.deleteGroups(ids)
      }
      await vi.waitFor(removeGroups, { timeout: 15_000, interval: 200 })
      await admin.disconnect()
    },
  }
}
