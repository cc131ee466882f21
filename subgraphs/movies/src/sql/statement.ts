import type { Sql } from '@movieverse/kit/sql'

type Dialect = Sql['dialect']

/** Collects a statement's parameters in the order in which they stand in its text, in either dialect. */
export interface Parameters {
  readonly values: readonly unknown[]
  /** @returns the placeholder to write */
  add(value: unknown): string
  /** A condition: the column has one of these values, of which there is one at least. */
  oneOf(column: string, values: readonly (number | string)[]): string
  /** `v`, a table of these rows. However many they are, they are one parameter and the statement's text is the same. */
  rows(rows: readonly Readonly<Record<string, unknown>>[], columns: RecordColumns): string
}

export function parameters(dialect: Dialect): Parameters {
  const values: unknown[] = []
  const add = (value: unknown): string => {
    values.push(value)
    return dialect === 'postgres' ? `$${values.length}` : '?'
  }
  return {
    values,
    add,
    oneOf(column, items) {
      if (items.length === 0) throw new Error('A list of values in SQL needs one at least')
      // Alone it is compared: PostgreSQL plans for one value or for any in the same way, and so only once.
      if (items.length === 1) return `${column} = ${add(items[0])}`
      if (dialect === 'mysql') return `${column} IN (${items.map(add).join(', ')})`
      return `${column} = ANY(${add(items)}::${typeof items[0] === 'number' ? 'int' : 'text'}[])`
    },
    rows: (rows, columns) => recordset(dialect, add(JSON.stringify(rows)), columns),
  }
}

/** Columns of rows that are given as JSON, in their common types. */
export type RecordColumns = Readonly<Record<string, 'int' | 'double' | 'text' | 'json' | 'date' | 'datetime'>>

const postgresTypes = {
  int: 'int',
  double: 'double precision',
  text: 'text',
  json: 'jsonb',
  date: 'date',
  datetime: 'timestamp(3)',
} as const
// JSON_TABLE cuts what does not fit to the type's nearest value; a column refuses it.
const mysqlTypes = {
  int: 'BIGINT',
  double: 'DOUBLE',
  text: 'MEDIUMTEXT',
  json: 'JSON',
  date: 'DATE',
  datetime: 'DATETIME(3)',
} as const

function recordset(dialect: Dialect, placeholder: string, columns: RecordColumns): string {
  const names = Object.entries(columns)
  if (dialect === 'postgres') {
    const list = names.map(([name, type]) => `${name} ${postgresTypes[type]}`).join(', ')
    return `jsonb_to_recordset(CAST(${placeholder} AS jsonb)) AS v(${list})`
  }
  const list = names
    .map(([name, type]) => `${name} ${mysqlTypes[type]} PATH '$.${name}' ERROR ON ERROR`)
    .join(', ')
  return `JSON_TABLE(${placeholder}, '$[*]' COLUMNS (${list})) AS v`
}

/** An UPDATE of the table, `m`, by the rows `v` whose `id` is the table's `id`, or its column `by`. */
export function updateByRows(
  dialect: Dialect,
  table: string,
  change: {
    readonly rows: string
    readonly columns: readonly string[]
    readonly by?: string
    readonly condition?: string
  },
): string {
  const { rows, columns, by = 'id', condition } = change
  const and = condition === undefined ? '' : ` AND ${condition}`
  if (dialect === 'postgres') {
    const assignments = columns.map((column) => `${column} = v.${column}`).join(', ')
    return `UPDATE ${table} m SET ${assignments} FROM ${rows} WHERE m.${by} = v.id${and}`
  }
  const assignments = columns.map((column) => `m.${column} = v.${column}`).join(', ')
  return `UPDATE ${table} m JOIN ${rows} ON m.${by} = v.id SET ${assignments} WHERE TRUE${and}`
}
