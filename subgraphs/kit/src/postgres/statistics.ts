import type { Sql } from '../sql.ts'

/**
 * Keeps tables that a load fills in the state for which plans are good: their statistics, visibility maps and what
 * trigram indexes have put off, all of which the server by itself comes to a minute later.
 */
export interface TableStatistics {
  /**
   * Told of rows that were added or written anew. Looks at the tables anew each time these have doubled as far as this
   * instance saw, so that a load of any size costs a few looks.
   */
  grew(rows: number): Promise<void>
}

/** Fewer rows than these are no load. */
const fewestRows = 1000

/** @param tables names as SQL takes them */
export function createTableStatistics(sql: Sql, tables: readonly string[]): TableStatistics {
  const statement = `${sql.dialect === 'mysql' ? 'ANALYZE TABLE' : 'VACUUM (ANALYZE)'} ${tables.join(', ')}`
  let seen = 0
  let added = 0
  return {
    async grew(rows) {
      added += rows
      if (added < Math.max(seen, fewestRows)) return
      seen += added
      added = 0
      await sql.query(statement, [])
    },
  }
}
