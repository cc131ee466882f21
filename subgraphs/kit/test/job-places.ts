import { connect } from 'amqplib'
import { deadQueueOf, priorities, queueOf } from '../src/jobs/rabbitmq/topology.ts'
import { createTestDatabase } from '../src/testing/database.ts'
import { engineAddress } from '../src/testing/engines.ts'
import { fresh } from './events.ts'

/** Where a test's jobs are. */
export interface JobPlace {
  readonly url: string
  /** The same, opened by which a process that stands still loses its jobs within seconds. */
  readonly impatientUrl: string
  /** A queue that no other test uses. */
  queue(): string
  /** Leaves nothing behind. */
  close(): Promise<void>
}

const rabbitmq = engineAddress('rabbitmq')

/** The RabbitMQ that is up, if one is. */
export const rabbitPlaces: (() => JobPlace)[] = rabbitmq ? [() => placeIn(rabbitmq)] : []

function placeIn(url: string): JobPlace {
  const queues: string[] = []
  return {
    url,
    impatientUrl: `${url}?heartbeat=1`,
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
  return { url, impatientUrl: url, queue: () => fresh('queue'), close }
}
