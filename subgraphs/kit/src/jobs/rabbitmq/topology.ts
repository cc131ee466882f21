import type { Channel, Options } from 'amqplib'
import { highestPriority } from '../bounds.ts'

/** Highest first: the order in which a worker attaches itself, so that it never begins with a lower one. */
export const priorities: readonly number[] = Array.from(
  { length: highestPriority + 1 },
  (_, index) => highestPriority - index,
)

/** Quorum queues have no ten priorities, so each priority of a queue is a queue of its own. */
export const queueOf = (queue: string, priority: number): string => `jobs.${queue}.${priority}`

/** Where jobs lie that were set aside. */
export const deadQueueOf = (queue: string): string => `jobs.${queue}.dead`

/** Where jobs go that have waited long enough; routes by the end of the routing key. */
export const dueExchange = 'jobs.due'

/**
 * How often the broker hands out a job whose workers are lost with it before it is set aside. Set, because RabbitMQ 3 has
 * no limit and 4 has one of its own.
 */
const deliveryLimit = 20
/** Looking at the dead is no failure of theirs: before 4.3 each look counts as a delivery. */
const noDeliveryLimit = 1_000_000_000

interface QuorumSettings {
  readonly deliveryLimit?: number
  readonly deadLetterTo?: { readonly exchange: string; readonly routingKey?: string }
  readonly ttlMs?: number
}

/**
 * A durable, replicated queue (rabbitmq.com/docs/quorum-queues). Dead-lettering is at least once, for which RabbitMQ wants
 * `reject-publish` as well: by default it may lose what is on its way between two queues.
 */
export function quorumQueue({ deliveryLimit, deadLetterTo, ttlMs }: QuorumSettings): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': deliveryLimit ?? noDeliveryLimit,
      ...(ttlMs === undefined ? {} : { 'x-message-ttl': ttlMs }),
      ...(deadLetterTo && {
        'x-dead-letter-exchange': deadLetterTo.exchange,
        ...(deadLetterTo.routingKey === undefined
          ? {}
          : { 'x-dead-letter-routing-key': deadLetterTo.routingKey }),
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      }),
    },
  }
}

/** Makes what jobs of these priorities need to be published, waited for and set aside. Idempotent. */
export async function declareQueue(
  channel: Channel,
  queue: string,
  wanted: readonly number[] = priorities,
): Promise<void> {
  const dead = deadQueueOf(queue)
  await channel.assertQueue(dead, quorumQueue({}))
  await channel.assertExchange(dueExchange, 'topic', { durable: true })
  const deadLetterTo = { exchange: '', routingKey: dead }
  for (const priority of wanted) {
    const name = queueOf(queue, priority)
    await channel.assertQueue(name, quorumQueue({ deliveryLimit, deadLetterTo }))
    await channel.bindQueue(name, dueExchange, `#.${name}`)
  }
}
