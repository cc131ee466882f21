import { type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib'
import { withDeadline } from '../../deadline.ts'
import { reasonOf, StartupError } from '../../errors.ts'
import type { Log } from '../../log.ts'

export interface BrokerSettings {
  readonly url: string
  readonly log: Log
  /** Shown in the broker's list of connections. */
  readonly name: string
  /** Makes channels, queues and consumers, on the first connection and on each one after it. */
  setup(model: ChannelModel): Promise<void>
  /** The connection broke; it is made anew by itself. */
  onLost(reason: Error): void
}

/** Seconds between heartbeats: a process that hangs or is cut off loses its jobs after two of them. */
const heartbeat = '10'
/** Tries of the first connection, which take about a quarter of a minute. A broken one is made anew for ever. */
const firstTries = 8

/**
 * Connects to RabbitMQ and stays connected: amqplib's own recovery, with back-off up to 2 s.
 * @throws StartupError ENGINE_UNREACHABLE when the first connection cannot be made
 */
export async function connectBroker(settings: BrokerSettings): Promise<RecoveringChannelModel> {
  const { log, name } = settings
  const url = new URL(settings.url)
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', heartbeat)
  const connection = await connect(url.href, {
    timeout: 5000,
    clientProperties: { connection_name: name },
    recovery: {
      initialDelay: 100,
      maxDelay: 2000,
      initialMaxRetries: firstTries,
      waitForConnect: false,
      setup: async (model: ChannelModel) => {
        // amqplib listens to the connection only after this, and tells of the break; without a listener a break in
        // between would end the process.
        model.on('error', (error) => log.debug({ err: error, connection: name }, 'RabbitMQ'))
        await settings.setup(model)
      },
    },
  })
  let failures = 0
  connection.on('error', settings.onLost)
  connection.on('disconnect', (error) => {
    log.warn({ err: error, connection: name }, 'the connection to RabbitMQ is lost')
    settings.onLost(error)
  })
  connection.on('connect-failed', (error) => {
    failures += 1
    if (failures === 1) log.warn({ err: error, connection: name }, 'RabbitMQ cannot be reached')
    else log.debug({ err: error, connection: name, failures }, 'RabbitMQ cannot be reached')
  })
  connection.on('connect', () => {
    if (failures > 0) log.info({ connection: name, failures }, 'RabbitMQ is there again')
    failures = 0
  })
  connection.on('blocked', (reason) => log.warn({ reason, connection: name }, 'RabbitMQ takes nothing now'))
  connection.on('unblocked', () => log.info({ connection: name }, 'RabbitMQ takes jobs again'))
  try {
    return await connection.waitForConnect()
  } catch (error) {
    throw new StartupError(
      'ENGINE_UNREACHABLE',
      `RabbitMQ cannot be reached: ${reasonOf(error)}`,
      'Start it, or set RABBITMQ_URL to where it answers.',
      { cause: error },
    )
  }
}

/** Closes a connection; one that no longer answers is left to the operating system after 2 s. */
export async function disconnectBroker(connection: RecoveringChannelModel, log: Log): Promise<void> {
  await withDeadline(2000, () => connection.close()).catch((error: unknown) =>
    log.warn({ err: error }, 'the connection to RabbitMQ was left open'),
  )
}

/** Begins a connection anew, with everything on it, when a part of it has failed. */
export function startOver(model: ChannelModel, log: Log): void {
  // Rejected where the connection is gone already, which is what was wanted.
  model.close().catch((error: unknown) => log.debug({ err: error }, 'the connection was closed before'))
}
