import { createKafkaBus } from '@movieverse/kit/bus/kafka'
import { openPlatform } from '@movieverse/kit/platform'
import { createSubgraphs, serviceNames } from '../standalone/subgraphs.ts'
import type { BackupOptions } from './backup.ts'
import type { Manifest } from './manifest.ts'

type Options = Pick<BackupOptions, 'env' | 'dataDir' | 'port' | 'log'>

/**
 * The log's readers, and how many events each has not handled yet. Of a log in PostgreSQL none: it is copied, and its
 * readers' places with it. Kafka keeps its log itself.
 */
export async function measureReaders(options: Options): Promise<Manifest['readers']> {
  const { env, log } = options
  if (!env.KAFKA_BROKERS) return {}
  const platform = await openPlatform({ ...options, services: serviceNames, join: true })
  try {
    const { all } = await createSubgraphs(platform, { log, env })
    const readers: Manifest['readers'] = {}
    for (const { group, topics } of all.flatMap(({ consumers }) => consumers)) {
      readers[group] = { topics: [...topics], behind: await platform.bus.lag(group, topics) }
    }
    for (const subgraph of all) await subgraph.close()
    return readers
  } finally {
    await platform.close()
  }
}

/** Milliseconds before the backup, by whose clock the log goes or not. */
const margin = 10 * 60 * 1000

/**
 * Sends Kafka's readers back to where the restored stores stand: what they have handled since has no effect any more.
 * Who had handled everything goes back to shortly before the backup, others to the beginning; an event that comes again
 * changes nothing.
 */
export async function sendReadersBack({ env, log }: Options, { takenAt, readers }: Manifest): Promise<void> {
  if (!env.KAFKA_BROKERS) return
  const bus = await createKafkaBus({ brokers: env.KAFKA_BROKERS.split(','), log })
  try {
    for (const [group, { topics, behind }] of Object.entries(readers)) {
      const place = behind === 0 ? new Date(Date.parse(takenAt) - margin) : 'beginning'
      for (const topic of topics) await bus.seek(group, topic, place)
    }
  } finally {
    await bus.close()
  }
}
