import type { Pool } from 'pg'

/** Partitions of every topic: as many members of a group can work at once. A constant of the layout. */
export const partitions = 16

/** Channels of NOTIFY: a topic that has new events, a group whose members must look at their leases. */
export const channels = { events: 'bus_events', groups: 'bus_groups' } as const

/**
 * Makes the log's tables in schema `bus` if they are not there, safely beside other processes that do the same.
 *
 * `event` is ordered by (xid, position): the transaction that wrote a row, then its place in the sequence. Readers stop
 * below the oldest transaction in flight, so a row that commits late can never lie behind an offset.
 */
export async function createBusTables(pool: Pool): Promise<void> {
  await pool.query(`
    begin;
    select pg_advisory_xact_lock(hashtext('movieverse bus'));
    create schema if not exists bus;
    create table if not exists bus.event (
      topic text not null,
      partition smallint not null,
      xid xid8 not null default pg_current_xact_id(),
      position bigint generated always as identity,
      id text not null,
      source text not null,
      key text not null,
      type text not null,
      origin text not null,
      time timestamptz not null,
      traceparent text,
      data json not null,
      published_at timestamptz not null default now(),
      primary key (topic, partition, xid, position)
    );
    create index if not exists event_published_at on bus.event using brin (published_at);
    create table if not exists bus.progress (
      group_name text not null,
      topic text not null,
      partition smallint not null,
      xid xid8 not null,
      position bigint not null,
      epoch integer not null default 0,
      owner text,
      leased_until timestamptz,
      primary key (group_name, topic, partition)
    ) with (fillfactor = 50);
    create table if not exists bus.member (
      group_name text not null,
      topic text not null,
      owner text not null,
      expires_at timestamptz not null,
      primary key (group_name, topic, owner)
    );
    create table if not exists bus.dead_letter (
      group_name text not null,
      event_id text not null,
      topic text not null,
      partition smallint not null,
      event json not null,
      cause text not null,
      attempts integer not null,
      failed_at timestamptz not null default now(),
      replaying boolean not null default false,
      primary key (group_name, event_id)
    );
    create index if not exists dead_letter_replaying on bus.dead_letter (group_name) where replaying;
    commit;`)
}
