import { Kafka, logLevel } from 'kafkajs'
import type { Log } from '../../log.ts'

/**
 * A client of the cluster. Calls are tried again for about three seconds: long enough for a broker that changes its role,
 * short enough that whoever waits is told, and tries again by itself.
 */
export function createKafkaClient({ brokers, log }: { brokers: readonly string[]; log: Log }): Kafka {
  return new Kafka({
    clientId: 'movieverse',
    brokers: [...brokers],
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, multiplier: 2, maxRetryTime: 1000, retries: 5 },
    logLevel: logLevel.WARN,
    // Its errors are what it tries again by itself, and what it does not comes as a rejection: neither is an error yet.
    logCreator:
      () =>
      ({ namespace, level, log: { message, error } }) => {
        const about = { kafka: namespace, reason: error }
        if (level === logLevel.ERROR) log.warn(about, `kafka: ${message}`)
        else log.debug(about, `kafka: ${message}`)
      },
  })
}
