/**
 * The three tables that a service's database holds for its outbox and inbox, for services whose migrations are their own
 * SQL (PostgreSQL). Equal, to the column, to what the Prisma models of the other services migrate to. Times are UTC
 * without a zone, as Prisma stores them. Idempotent.
 */
export const outboxTables = `
create table if not exists "outbox" (
  "position" bigserial primary key,
  "event_id" varchar(36) not null,
  "topic" varchar(100) not null,
  "key" varchar(64) not null,
  "key_hash" integer not null,
  "type" varchar(100) not null,
  "origin" varchar(10) not null,
  "time" timestamp(3) not null,
  "traceparent" varchar(64),
  "data" jsonb not null
);
create unique index if not exists "outbox_event_id_key" on "outbox" ("event_id");
create index if not exists "outbox_key_hash_position_idx" on "outbox" ("key_hash", "position");
create table if not exists "outbox_lease" (
  "slot" integer primary key,
  "owner" varchar(64),
  "expires_at" timestamp(3)
);
create table if not exists "inbox" (
  "group_name" varchar(100) not null,
  "event_id" varchar(36) not null,
  "accepted_at" timestamp(3) not null default current_timestamp,
  primary key ("group_name", "event_id")
);
create index if not exists "inbox_accepted_at_idx" on "inbox" ("accepted_at");
`
