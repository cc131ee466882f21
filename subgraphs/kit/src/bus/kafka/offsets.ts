import type { Admin, Consumer, Kafka } from 'kafkajs'
import { createAssigner } from './assigner.ts'
import { whenSettled } from './settling.ts'
import { groupTimings } from './timings.ts'

/** The next offset to read, by partition. */
export type Offsets = ReadonlyMap<number, number>

/** Where a topic can be read from: its first record, behind its last, or the first that was stored at a time or later. */
export async function offsetsAt(
  admin: Admin,
  topic: string,
  position: 'beginning' | 'end' | Date,
): Promise<Offsets> {
  if (position instanceof Date) {
    const found = await whenSettled(() => admin.fetchTopicOffsetsByTimestamp(topic, position.getTime()))
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]))
  }
  const ends = await whenSettled(() => admin.fetchTopicOffsets(topic))
  return new Map(ends.map(({ partition, low, high }) => [partition, Number(position === 'end' ? high : low)]))
}

/** Where the group stands; partitions without an offset of its own are left out. */
export async function offsetsOf(admin: Admin, group: string, topic: string): Promise<Offsets> {
  const topics = await whenSettled(() => admin.fetchOffsets({ groupId: group, topics: [topic] }))
  const partitions = topics.flatMap((found) => found.partitions)
  return new Map(
    partitions
      .filter(({ offset }) => Number(offset) >= 0)
      .map(({ partition, offset }) => [partition, Number(offset)]),
  )
}

/** Records from a group's offsets (or the beginning) to the end of a topic. */
export async function countBehind(admin: Admin, group: string, topic: string): Promise<number> {
  const [ends, own] = await Promise.all([
    whenSettled(() => admin.fetchTopicOffsets(topic)),
    offsetsOf(admin, group, topic),
  ])
  let behind = 0
  for (const { partition, low, high } of ends) {
    behind += Math.max(0, Number(high) - Math.max(Number(low), own.get(partition) ?? 0))
  }
  return behind
}

/**
 * Sets a group's offsets, whether it has members or not: joins it as the member that nobody reads beside (`createAssigner`),
 * commits, and leaves. The others continue from there.
 */
export async function moveGroup(
  kafka: Kafka,
  target: { readonly group: string; readonly topic: string; readonly offsets: Offsets },
): Promise<void> {
  const { group, topic, offsets } = target
  const consumer = kafka.consumer({
    ...groupTimings,
    groupId: group,
    allowAutoTopicCreation: false,
    partitionAssigners: [createAssigner(true)],
  })
  const joined = inGroup(consumer)
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatch: async () => undefined })
    const failure = await joined
    if (failure) throw failure
    await consumer.commitOffsets(
      [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    )
  } finally {
    await consumer.disconnect()
  }
}

/** Resolved when the consumer is in its group, or with the reason why it is not. */
function inGroup(consumer: Consumer): Promise<Error | undefined> {
  return new Promise((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve(undefined))
    consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error))
  })
}
