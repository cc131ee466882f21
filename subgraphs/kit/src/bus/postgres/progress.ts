import type { Pool } from 'pg'
import { channels, partitions } from './schema.ts'

/** A place in the log; both numbers as text, since they outgrow a double. */
export interface Offset {
  readonly xid: string
  readonly position: string
}

/** A partition that a member of a group holds, from where it goes on. */
export interface HeldPartition {
  readonly topic: string
  readonly partition: number
  readonly offset: Offset
  /** Rises with every seek; progress of an older epoch is void. */
  readonly epoch: number
}

export interface GroupProgressSettings {
  readonly pool: Pool
  readonly group: string
  readonly topics: readonly string[]
  /** Of the member. */
  readonly owner: string
  readonly leaseMs: number
}

/** What a member does to its group's leases and offsets. Times are the database's. */
export interface GroupProgress {
  /** Makes the group's rows where it has none, starting at the beginning of the log or behind its present end. */
  ensure(start: (topic: string) => Promise<readonly Offset[]>): Promise<void>
  /**
   * Renews the member and what it holds and takes its fair share of what is free.
   * @returns all that it holds now, and by topic how many partitions are its fair share
   */
  renew(): Promise<{ held: readonly HeldPartition[]; share: ReadonlyMap<string, number> }>
  /** Moves offsets. @returns those that were still held in that epoch; the others are another's by now */
  commit(partitions: readonly HeldPartition[]): Promise<readonly HeldPartition[]>
  /** Moves offsets and gives the partitions back. */
  release(partitions: readonly HeldPartition[]): Promise<void>
  /** Gives everything back and is no longer counted. */
  leave(): Promise<void>
}

interface Row {
  topic: string
  partition: number
  xid: string
  position: string
  epoch: number
}

interface Members {
  topic: string
  others: number
}

const heldPartition = (row: Row): HeldPartition => ({
  topic: row.topic,
  partition: row.partition,
  offset: { xid: row.xid, position: row.position },
  epoch: row.epoch,
})

const columns = 'topic, partition, xid::text as xid, position::text as position, epoch'

/** Rows of a list of partitions as the parameters $3 to $7. */
const listed = `unnest($3::text[], $4::smallint[], $5::xid8[], $6::bigint[], $7::integer[])
  as moved (topic, partition, xid, position, epoch)`
const stillHeld = `progress.group_name = $1 and progress.owner = $2 and progress.topic = moved.topic
  and progress.partition = moved.partition and progress.epoch = moved.epoch`

export function createGroupProgress(settings: GroupProgressSettings): GroupProgress {
  const { pool, group, topics, owner, leaseMs } = settings
  const lease = `now() + interval '${leaseMs} milliseconds'`

  const list = (moved: readonly HeldPartition[]) => [
    group,
    owner,
    moved.map(({ topic }) => topic),
    moved.map(({ partition }) => partition),
    moved.map(({ offset }) => offset.xid),
    moved.map(({ offset }) => offset.position),
    moved.map(({ epoch }) => epoch),
  ]
  const renewal = `
    with joined as (
      insert into bus.member (group_name, topic, owner, expires_at)
      select $1, topic, $2, ${lease} from unnest($3::text[]) as topic
      on conflict (group_name, topic, owner) do update set expires_at = excluded.expires_at
      returning xmax = 0 as fresh
    ), extended as (
      update bus.progress set leased_until = ${lease} where group_name = $1 and owner = $2 returning ${columns}
    ), present as (
      select topic, count(*)::integer as others from bus.member
      where group_name = $1 and topic = any($3::text[]) and owner <> $2 and expires_at > now() group by topic
    )
    select (select bool_or(fresh) from joined) as fresh, (select json_agg(extended) from extended) as held,
      (select json_agg(present) from present) as members`
  const tellGroup = () => pool.query('select pg_notify($1, $2)', [channels.groups, group])

  async function claim(topic: string, count: number): Promise<readonly HeldPartition[]> {
    const { rows } = await pool.query<Row>(
      `update bus.progress set owner = $2, leased_until = ${lease}
       where group_name = $1 and topic = $3 and partition in (
         select partition from bus.progress
         where group_name = $1 and topic = $3 and (owner is null or leased_until < now())
         order by partition limit $4 for update skip locked)
       returning ${columns}`,
      [group, owner, topic, count],
    )
    return rows.map(heldPartition)
  }

  return {
    async ensure(start) {
      for (const topic of topics) {
        const { rows } = await pool.query<{ made: string }>(
          'select count(*) as made from bus.progress where group_name = $1 and topic = $2',
          [group, topic],
        )
        if (Number(rows[0]?.made) === partitions) continue
        await insertProgress(pool, { group, topic, offsets: await start(topic) })
      }
    },

    async renew() {
      const { rows } = await pool.query<{ fresh: boolean; held: Row[] | null; members: Members[] | null }>({
        name: 'bus renew',
        text: renewal,
        values: [group, owner, topics],
      })
      const [{ fresh, held, members } = { fresh: true, held: null, members: null }] = rows
      const mine = (held ?? []).map(heldPartition)
      const share = new Map<string, number>()
      for (const topic of topics) {
        const others = members?.find((row) => row.topic === topic)?.others ?? 0
        const fair = Math.ceil(partitions / (others + 1))
        share.set(topic, fair)
        const count = fair - mine.filter((partition) => partition.topic === topic).length
        if (count > 0) mine.push(...(await claim(topic, count)))
      }
      if (fresh) await tellGroup()
      return { held: mine, share }
    },

    async commit(moved) {
      if (moved.length === 0) return []
      const { rows } = await pool.query<Row>({
        name: 'bus commit',
        text: `update bus.progress set xid = moved.xid, position = moved.position from ${listed} where ${stillHeld}
          returning progress.topic, progress.partition, progress.xid::text as xid,
            progress.position::text as position, progress.epoch`,
        values: list(moved),
      })
      return rows.map(heldPartition)
    },

    async release(moved) {
      if (moved.length === 0) return
      await pool.query(
        `update bus.progress set xid = moved.xid, position = moved.position, owner = null, leased_until = now()
         from ${listed} where ${stillHeld}`,
        list(moved),
      )
      await tellGroup()
    },

    async leave() {
      await pool.query(
        `with gone as (delete from bus.member where group_name = $1 and owner = $2)
         update bus.progress set owner = null, leased_until = now() where group_name = $1 and owner = $2`,
        [group, owner],
      )
      await tellGroup()
    },
  }
}

/** Offsets of all partitions of a topic, in order, for a group that has none yet. */
export async function insertProgress(
  pool: Pool,
  start: { group: string; topic: string; offsets: readonly Offset[] },
): Promise<void> {
  await pool.query(
    `insert into bus.progress (group_name, topic, partition, xid, position, leased_until)
     select $1, $2, place - 1, xid, position, now() - interval '1 second'
     from unnest($3::xid8[], $4::bigint[]) with ordinality as start (xid, position, place)
     on conflict do nothing`,
    [
      start.group,
      start.topic,
      start.offsets.map(({ xid }) => xid),
      start.offsets.map(({ position }) => position),
    ],
  )
}
