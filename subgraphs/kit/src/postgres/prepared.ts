/** Statements of one client that keep a name, and so a place in each connection of the server. */
const mostStatements = 200
/** Longer ones are mostly lists of varying length, which seldom come a second time. */
const longestStatement = 4000

/**
 * Names for prepared statements (`statementNameGenerator` of Prisma's adapter): a statement that comes again is neither
 * parsed nor, after a few times, planned anew, which is most of what a small read costs. One instance per client, whose
 * connections are its own. Selecting `*` through it breaks when a migration adds a column: name the columns.
 * @returns a name, the same for the same text; empty for statements that are not kept
 */
export function createStatementNames(): (statement: { readonly sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined) return known
    if (names.size >= mostStatements || sql.length > longestStatement) return ''
    const name = `s${names.size}`
    names.set(sql, name)
    return name
  }
}

/**
 * The `options` of a connection on which each prepared statement is planned once, for any parameters. Left to itself,
 * PostgreSQL plans most reads anew each time: it takes a list of ids for ten, and finds a plan for fewer cheaper by more
 * than the planning costs. For statements whose plan is the same for all values: reads along an index, by keys.
 */
export const plannedOnce = '-c plan_cache_mode=force_generic_plan'
