import pg from 'pg'
import { openPool } from './pool.ts'

/** PostgreSQL's one-byte "char", in which its catalogue keeps kinds of constraints and relations; and text. */
const charType = 18
const textType = 25

interface Answer {
  readonly rows?: object
  readonly fields?: readonly { dataTypeID: number }[]
}

const charColumnsOf = new WeakMap<object, readonly number[]>()

/** @returns indexes of the "char" columns of an answer, by its rows */
export function charColumns(rows: object): readonly number[] {
  return charColumnsOf.get(rows) ?? []
}

/**
 * Prisma's pg adapter 7.10 refuses columns of the type "char", which Prisma's own schema engine asks the catalogue for
 * (github.com/prisma/orm/issues/27403). Here they pass it as text, and are remembered.
 */
class CatalogClient extends pg.Client {
  override query = ((...request: unknown[]) => {
    const last = request.at(-1)
    // A pool's own query() hands its clients a callback.
    if (typeof last === 'function') {
      request[request.length - 1] = (error: unknown, result?: Answer | Answer[]) =>
        last(error, result && announceCharAsText(result))
    }
    const answer: unknown = super.query(...(request as Parameters<pg.Client['query']>))
    return answer instanceof Promise ? answer.then(announceCharAsText) : answer
  }) as pg.Client['query']
}

function announceCharAsText<Result extends Answer | Answer[]>(result: Result): Result {
  const answers: readonly Answer[] = Array.isArray(result) ? result : [result]
  for (const { rows, fields = [] } of answers) {
    const columns = fields.flatMap((field, index) => (field.dataTypeID === charType ? [index] : []))
    if (!rows || columns.length === 0) continue
    charColumnsOf.set(rows, columns)
    for (const field of fields) if (field.dataTypeID === charType) field.dataTypeID = textType
  }
  return result
}

/** A small pool for the schema engine. */
export function catalogPool(url: string): pg.Pool {
  return openPool({ connectionString: url, max: 2, Client: CatalogClient })
}
