import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { writeLines } from './configuration.ts'
import type { Engine, Place } from './engine.ts'
import { debianPackage } from './sources/debian.ts'

/** The server's own script: the one of PATH insists on the system's account. */
const script = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** RabbitMQ, with an epmd (Erlang's name server) of its own: that of the system would outlive it. */
export const rabbitmq: Engine = {
  name: 'rabbitmq',
  source: debianPackage('rabbitmq-server', () => existsSync(script)),
  server: {
    ports: [6, 7, 8],
    stopSignal: 'SIGTERM',
    variables: ({ ports: [port], password }) => ({
      RABBITMQ_URL: `amqp://movieverse:${password}@127.0.0.1:${port}`,
    }),
    async prepare(place) {
      const { folder } = place
      await writeLines(join(folder, 'rabbitmq.conf'), configuration(place))
      await writeLines(join(folder, 'enabled_plugins'), ['[].'])
      const epmdPort = `${place.ports[2]}`
      return [
        { name: 'epmd', file: 'epmd', args: ['-address', '127.0.0.1', '-port', epmdPort] },
        { name: 'server', file: script, args: [], env: environment(place) },
      ]
    },
    async check({ RABBITMQ_URL = '' }) {
      const connection = await connect(RABBITMQ_URL, { timeout: 5000 })
      const channel = await connection.createChannel()
      await channel.close()
      await connection.close()
    },
  },
}

/** RabbitMQ's settings (rabbitmq.com/docs/configure). The account is made with the first start. */
function configuration({ ports: [port], password }: Place): readonly string[] {
  return [
    `listeners.tcp.local = 127.0.0.1:${port}`,
    'default_user = movieverse',
    `default_pass = ${password}`,
    'log.console = true',
    'log.file = false',
  ]
}

/** The script's variables (rabbitmq.com/docs/configure, "environment variables"). */
function environment({ folder, ports: [port, distributionPort, epmdPort] }: Place): Record<string, string> {
  return {
    // Erlang's cookie lies there.
    HOME: folder,
    LANG: 'C.UTF-8',
    // The script becomes the server instead of watching over it.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: `movieverse-${port}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_PID_FILE: join(folder, 'data', 'pid'),
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
}
