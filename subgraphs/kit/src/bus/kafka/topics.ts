import type { Admin } from 'kafkajs'
import { whenSettled } from './settling.ts'

export interface TopicSettings {
  readonly admin: Admin
  /** Of topics that are made here. */
  readonly partitions: number
  /** Milliseconds that events are kept. */
  readonly retentionMs: number
}

/** Makes topics that are not there yet. */
export interface Topics {
  /** Topics of events: kept for the retention, stamped by the broker's clock. */
  ensureEvents(topics: readonly string[]): Promise<void>
  /** Topics of dead letters: kept for good. */
  ensureLetters(topic: string): Promise<void>
}

/** Replicas are the cluster's default. A topic that is there keeps the settings that it has. */
export function createTopics({ admin, partitions, retentionMs }: TopicSettings): Topics {
  const made = new Map<string, Promise<void>>()

  function ensure(topic: string, keptMs: number): Promise<void> {
    const known = made.get(topic)
    if (known) return known
    const making = create(topic, keptMs).catch((error: unknown) => {
      made.delete(topic)
      throw error
    })
    made.set(topic, making)
    return making
  }

  async function create(topic: string, keptMs: number): Promise<void> {
    await admin.createTopics({
      // The client gives up on a leader that it does not know yet.
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: partitions,
          configEntries: [
            { name: 'cleanup.policy', value: 'delete' },
            { name: 'retention.ms', value: String(keptMs) },
            { name: 'message.timestamp.type', value: 'LogAppendTime' },
          ],
        },
      ],
    })
    await whenSettled(() => admin.fetchTopicOffsets(topic))
  }

  return {
    async ensureEvents(topics) {
      await Promise.all(topics.map((topic) => ensure(topic, retentionMs)))
    },
    ensureLetters: (topic) => ensure(topic, -1),
  }
}
