import { connect } from 'amqplib'
import { processEnv } from '../src/env.ts'
import { deadQueueOf, priorities, queueOf } from '../src/jobs/rabbitmq/topology.ts'
import { createTestDatabase } from '../src/testing/database.ts'
import { fresh } from './events.ts'

/** Where a test's jobs are. */
export interface JobPlace {
  readonly url: string
  /** A queue that no other test uses. */
  queue(): string
  /** Leaves nothing behind. */
  close(): Promise<void>
}

const { RABBITMQ_URL } = processEnv

/** The RabbitMQ that is up, if one is. */
export const rabbitPlaces: (() => JobPlace)[] = RABBITMQ_URL ? [() => placeIn(RABBITMQ_URL)] : []

function placeIn(url: string): JobPlace {
  const queues: string[] = []
  return {
    url,
    queue() {
      const queue = fresh('queue')
      queues.push(queue)
      return queue
    },
    async close() {
      const connection = await connect(url)
      const channel = await connection.createChannel()
      for (const queue of queues)
        for (const name of [...priorities.map((priority) => queueOf(queue, priority)), deadQueueOf(queue)])
          await channel.deleteQueue(name)
      await connection.close()
    },
  }
}

export async function postgresPlace(): Promise<JobPlace> {
  const { url, close } = await createTestDatabase('kit')
  return { url, queue: () => fresh('queue'), close }
}
