import type { Sql } from '../sql.ts'

/** What differs between the SQL dialects of the outbox's statements. Statements are written with `?`. */
export interface Dialect {
  /** Turns the `?` of a statement into the dialect's placeholders. */
  statement(text: string): string
  /** The present time in UTC, as the `DateTime` columns hold it. */
  readonly now: string
  /** The present time and `ms` milliseconds (negative: before it). */
  nowPlus(ms: number): string
  /** Milliseconds from the present time to that of a `DateTime` column; null where the column is. */
  millisecondsTo(column: string): string
  /** A `DateTime` column as RFC 3339 text. */
  utcText(column: string): string
  /** A time as a parameter's value for `?`. */
  time(value: Date): string
  readonly timeParameter: string
  readonly jsonParameter: string
  readonly key: string
  /** `insert` that leaves rows alone whose key is there, in two halves. */
  readonly insertNew: readonly [before: string, after: string]
  /** Condition on `position` and its parameters for a list of positions. */
  positions(values: readonly string[]): { readonly condition: string; readonly parameters: readonly string[] }
  text(column: string): string
}

const postgres: Dialect = {
  statement: (text) => {
    let index = 0
    return text.replaceAll('?', () => `$${++index}`)
  },
  now: `(now() at time zone 'utc')`,
  nowPlus: (ms) => `(now() at time zone 'utc' + interval '${Math.round(ms)} milliseconds')`,
  millisecondsTo: (column) =>
    `trunc(extract(epoch from ${column} - (now() at time zone 'utc')) * 1000)::bigint`,
  utcText: (column) => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  time: (value) => value.toISOString(),
  timeParameter: '?::timestamp',
  jsonParameter: '?::jsonb',
  key: '"key"',
  insertNew: ['insert into', 'on conflict do nothing'],
  positions: (values) => ({
    condition: `position = any(string_to_array(?, ',')::bigint[])`,
    parameters: [values.join(',')],
  }),
  text: (column) => `${column}::text`,
}

const mysql: Dialect = {
  statement: (text) => text,
  now: 'utc_timestamp(3)',
  nowPlus: (ms) => `(utc_timestamp(3) + interval ${Math.round(ms) * 1000} microsecond)`,
  millisecondsTo: (column) => `timestampdiff(microsecond, utc_timestamp(3), ${column}) div 1000`,
  utcText: (column) => `date_format(${column}, '%Y-%m-%dT%H:%i:%s.%fZ')`,
  time: (value) => value.toISOString().replace('T', ' ').replace('Z', ''),
  timeParameter: '?',
  jsonParameter: '?',
  key: '`key`',
  insertNew: ['insert ignore into', ''],
  positions: (values) => ({
    condition: `position in (${values.map(() => '?').join(', ')})`,
    parameters: values,
  }),
  text: (column) => `cast(${column} as char)`,
}

export function dialectOf(sql: Sql): Dialect {
  return sql.dialect === 'mysql' ? mysql : postgres
}
