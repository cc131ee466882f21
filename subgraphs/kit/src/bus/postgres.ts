import { randomUUID } from 'node:crypto'
import type { Log } from '../log.ts'
import { openPool } from '../postgres/pool.ts'
import type { EventBus } from './bus.ts'
import { appendEvents } from './postgres/append.ts'
import { createDeadLetters } from './postgres/dead-letters.ts'
import { createListener } from './postgres/listener.ts'
import { type Member, startMember } from './postgres/member.ts'
import { beginning, endOf, placeOf } from './postgres/places.ts'
import { createGroupProgress, insertProgress } from './postgres/progress.ts'
import { countLag } from './postgres/read.ts'
import { startRetention } from './postgres/retention.ts'
import { channels, createBusTables } from './postgres/schema.ts'
import { createPublisher } from './publish.ts'

export interface PostgresBusSettings {
  /** Connection string of a database; schema `bus` in it is this engine's. */
  readonly url: string
  readonly log: Log
  /** Connections, beside the one that listens; default 6. */
  readonly connections?: number
  /** Events of one member that are handled at once, each of another key; default 32. */
  readonly concurrency?: number
  /** Milliseconds after which an attempt of a handler has failed; default 60,000. */
  readonly timeoutMs?: number
  /** Milliseconds after which a member that is gone loses its partitions; default 6,000. */
  readonly leaseMs?: number
  /** Milliseconds between looks at the log when no notice comes; default 1,000. */
  readonly pollMs?: number
  /** Milliseconds that events are kept at least; default 90 days. */
  readonly retentionMs?: number
  /** Milliseconds between deletions of events past that age; default one hour. */
  readonly cleanEveryMs?: number
}

const hour = 60 * 60 * 1000

/**
 * The event bus as an append-only log in PostgreSQL.
 * Durability: `publish` resolves after the commit; a rejection means that it is not known, publish again with the same ids.
 * Order: per topic and key, by 16 partitions that a group's members lease from each other; events of different keys are
 * handled at the same time. Nothing is skipped: readers stop below the oldest transaction in flight on the server, so a
 * transaction that stays open for long delays deliveries (never loses them).
 * A failing event holds back its own key until its attempts are used up. Failures by a dependency that is down (`isOutage`)
 * are no attempts: the event waits for it. Dead letters are kept until they are replayed; a replay goes to the group's
 * running members, or waits for one.
 * `seek` with a time goes by the database's clock at publishing. Offsets are committed after the effects, many at once.
 */
export async function createPostgresBus(settings: PostgresBusSettings): Promise<EventBus> {
  const {
    url,
    log,
    connections = 6,
    concurrency = 32,
    timeoutMs = 60_000,
    leaseMs = 6000,
    pollMs = 1000,
  } = settings
  const pool = openPool(
    {
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: 5000,
      statement_timeout: 30_000,
      application_name: 'bus',
    },
    (error) => log.warn({ err: error }, 'event bus: an idle connection was lost'),
  )
  const members = new Set<Member>()
  let listener: { close(): Promise<void> }
  try {
    await createBusTables(pool)
    listener = await createListener({
      url,
      log,
      channels: Object.values(channels),
      heard(channel, payload) {
        for (const member of members) {
          if (channel === channels.events && member.topics.includes(payload)) member.wake()
          if (channel === channels.groups && member.group === payload) member.regroup()
        }
      },
      resumed() {
        for (const member of members) member.regroup()
      },
    })
  } catch (error) {
    await pool.end()
    throw error
  }
  const deadLetters = createDeadLetters(pool)
  const { retentionMs = 90 * 24 * hour, cleanEveryMs = hour } = settings
  const retention = startRetention({ pool, log, retentionMs, everyMs: cleanEveryMs })

  return {
    publish: createPublisher((events) => appendEvents(pool, events)),

    async subscribe(consumer) {
      const { group, topics, from = 'beginning' } = consumer
      const owner = randomUUID()
      const progress = createGroupProgress({ pool, group, topics, owner, leaseMs })
      await progress.ensure((topic) => (from === 'end' ? endOf(pool, topic) : Promise.resolve(beginning)))
      const member = await startMember({
        pool,
        consumer,
        progress,
        deadLetters,
        log,
        leaseMs,
        pollMs,
        timeoutMs,
        concurrency,
      })
      members.add(member)
      // What was published since its first look and before it could hear of it.
      member.wake()
      return {
        async close() {
          if (members.delete(member)) await member.close()
        },
      }
    },

    async seek(group, topic, position) {
      const offsets =
        position === 'beginning'
          ? beginning
          : await (position === 'end' ? endOf(pool, topic) : placeOf(pool, topic, position))
      await insertProgress(pool, { group, topic, offsets })
      await pool.query(
        `update bus.progress set xid = start.xid, position = start.position, epoch = epoch + 1
         from unnest($3::xid8[], $4::bigint[]) with ordinality as start (xid, position, place)
         where group_name = $1 and topic = $2 and partition = place - 1`,
        [group, topic, offsets.map(({ xid }) => xid), offsets.map((offset) => offset.position)],
      )
      await pool.query('select pg_notify($1, $2)', [channels.groups, group])
    },

    lag: (group, topics) => countLag(pool, group, topics),
    deadLetters: (group, limit = 100) => deadLetters.list(group, limit),
    replayDeadLetters: (group, eventIds) => deadLetters.requestReplay(group, eventIds),

    async ping() {
      await pool.query('select 1')
    },

    async close() {
      await Promise.all([...members].map((member) => member.close()))
      members.clear()
      await retention.close()
      await listener.close()
      await pool.end()
    },
  }
}
