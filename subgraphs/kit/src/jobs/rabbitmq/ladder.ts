import type { Channel } from 'amqplib'
import { dueExchange, quorumQueue } from './topology.ts'

/**
 * How jobs wait: a ladder of queues, each of which holds what comes for twice as long as the one below it, by a time to
 * live after which it is dead-lettered to the rung below. A job carries its wait in binary at the head of its routing key
 * and stops on the rungs of its ones, so that a fixed set of queues does any wait, and none waits behind a longer one
 * (a queue lets go of its head only). The broker does it all: no clock of ours has a part in it.
 * After docs.particular.net/transports/rabbitmq/delayed-delivery.
 */
const rungs = 22
const unitMs = 250

const rungOf = (rung: number): string => `jobs-wait.${rung}`
const below = (rung: number): string => (rung === 0 ? dueExchange : rungOf(rung - 1))

/** Where a job is published that is to reach `queue` after `ms` milliseconds, rounded up to the ladder's unit. */
export function waitingRoute(queue: string, ms: number): { exchange: string; routingKey: string } {
  const units = Math.min(2 ** rungs - 1, Math.ceil(ms / unitMs))
  if (units === 0) return { exchange: '', routingKey: queue }
  const bits = units.toString(2)
  const word = [...bits.padStart(rungs, '0')].join('.')
  return { exchange: rungOf(bits.length - 1), routingKey: `${word}.${queue}` }
}

/** Makes the ladder. Idempotent. */
export async function declareLadder(channel: Channel): Promise<void> {
  await channel.assertExchange(dueExchange, 'topic', { durable: true })
  for (let rung = 0; rung < rungs; rung += 1) {
    const name = rungOf(rung)
    const before = '*.'.repeat(rungs - 1 - rung)
    await channel.assertExchange(name, 'topic', { durable: true })
    await channel.assertQueue(
      name,
      quorumQueue({ ttlMs: unitMs * 2 ** rung, deadLetterTo: { exchange: below(rung) } }),
    )
    await channel.bindQueue(name, name, `${before}1.#`)
    await channel.bindExchange(below(rung), name, `${before}0.#`)
  }
}
