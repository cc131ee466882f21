import type { Sql } from '@movieverse/kit/sql'

/** Collects a statement's parameters in the order in which they stand in its text, in either dialect. */
export interface Parameters {
  readonly values: readonly unknown[]
  /** @returns the placeholder to write */
  add(value: unknown): string
  /** @returns `?, ?, ?`; never of an empty list, which SQL has no word for */
  list(values: readonly unknown[]): string
}

export function parameters(dialect: Sql['dialect']): Parameters {
  const values: unknown[] = []
  const add = (value: unknown): string => {
    values.push(value)
    return dialect === 'postgres' ? `$${values.length}` : '?'
  }
  return {
    values,
    add,
    list: (items) => {
      if (items.length === 0) throw new Error('A list of values in SQL needs one at least')
      return items.map(add).join(', ')
    },
  }
}

/** A column of rows that are given as one JSON parameter. */
export type RecordColumns = Readonly<Record<string, 'int' | 'double'>>

/** `v`, a table of rows that arrive as one parameter: however many, the statement's text stays the same. */
export function recordset(dialect: Sql['dialect'], placeholder: string, columns: RecordColumns): string {
  const names = Object.entries(columns)
  if (dialect === 'postgres') {
    const types = { int: 'int', double: 'double precision' }
    const list = names.map(([name, type]) => `${name} ${types[type]}`).join(', ')
    return `jsonb_to_recordset(CAST(${placeholder} AS jsonb)) AS v(${list})`
  }
  const list = names.map(([name, type]) => `${name} ${type} PATH '$.${name}'`).join(', ')
  return `JSON_TABLE(${placeholder}, '$[*]' COLUMNS (${list})) AS v`
}
