import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { writeLines } from './configuration.ts'
import type { Engine, Place } from './engine.ts'
import { jarsOf } from './sources/maven.ts'
import { run } from './sources/run.ts'

const jars = jarsOf({ name: 'kafka', version: '4.4.0', java: 17 })

/** Apache Kafka in KRaft mode: one node, broker and controller in one. */
export const kafka: Engine = {
  name: 'kafka',
  source: jars,
  server: {
    ports: [4, 5],
    stopSignal: 'SIGTERM',
    variables: ({ ports: [port] }) => ({ KAFKA_BROKERS: `127.0.0.1:${port}` }),
    async prepare(place) {
      const configuration = join(place.folder, 'server.properties')
      await writeLines(configuration, properties(place))
      if (!existsSync(join(place.folder, 'data/meta.properties'))) await format(configuration)
      const flags = [
        '-Xmx512m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        `-Dlog4j2.configurationFile=${resolve('ops/engines/kafka/log4j2.properties')}`,
      ]
      return [{ name: 'broker', ...(await jars.command(flags, ['kafka.Kafka', configuration])) }]
    },
    async check({ KAFKA_BROKERS = '' }) {
      const admin = new Kafka({
        clientId: 'engines',
        brokers: KAFKA_BROKERS.split(','),
        logLevel: logLevel.NOTHING,
        connectionTimeout: 2000,
        requestTimeout: 5000,
        retry: { retries: 0 },
      }).admin()
      try {
        await admin.connect()
        // Refused until the controller counts a living broker; makes nothing.
        await admin.createTopics({
          validateOnly: true,
          waitForLeaders: false,
          topics: [{ topic: 'movieverse.ready', numPartitions: 1, replicationFactor: 1 }],
        })
      } finally {
        await admin.disconnect()
      }
    },
  },
}

/** Kafka's settings (kafka.apache.org/documentation, Broker Configs). */
function properties({ folder, ports: [port, controllerPort] }: Place): readonly string[] {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.bootstrap.servers=127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'auto.create.topics.enable=false',
    // One node: its own topics have one replica.
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=5',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=5',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'share.coordinator.state.topic.num.partitions=5',
    // A lone consumer does not wait for others to come.
    'group.initial.rebalance.delay.ms=0',
    'num.network.threads=2',
    'num.io.threads=4',
    'log.cleaner.dedupe.buffer.size=8388608',
    // A killed broker comes back as soon as the controller has forgotten its former self.
    'broker.session.timeout.ms=2000',
    'broker.heartbeat.interval.ms=500',
  ]
}

/** Gives the data folder its cluster id: 16 random bytes in base64url (org.apache.kafka.common.Uuid). */
async function format(configuration: string): Promise<void> {
  const clusterId = randomBytes(16).toString('base64url')
  // One argument: an id may begin with a dash.
  const tool = [
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    `--cluster-id=${clusterId}`,
    '-c',
    configuration,
  ]
  const { file, args } = await jars.command(['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'], tool)
  await run(file, args)
}
