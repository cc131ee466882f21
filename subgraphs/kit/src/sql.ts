/**
 * The few statements that kit itself sends inside a service's own transaction (outbox, inbox): satisfied by a Prisma
 * client or transaction through `prismaSql`, by a pg client through `pgSql`. Placeholders are the dialect's.
 */
export interface Sql extends SqlReader {
  /** @returns rows touched */
  execute(statement: string, parameters: readonly unknown[]): Promise<number>
}

export interface SqlReader {
  readonly dialect: 'postgres' | 'mysql'
  query<Row>(statement: string, parameters: readonly unknown[]): Promise<Row[]>
}

export interface PrismaRaw {
  $executeRawUnsafe(statement: string, ...parameters: unknown[]): Promise<number>
  $queryRawUnsafe<T>(statement: string, ...parameters: unknown[]): Promise<T>
}

/** A Prisma client or the `tx` of an interactive transaction. */
export function prismaSql(client: PrismaRaw, dialect: Sql['dialect'] = 'postgres'): Sql {
  return {
    dialect,
    execute: (statement, parameters) => client.$executeRawUnsafe(statement, ...parameters),
    query: (statement, parameters) => client.$queryRawUnsafe(statement, ...parameters),
  }
}

interface PgClient {
  query(statement: {
    readonly name?: string
    readonly text: string
    readonly values: unknown[]
  }): Promise<{ rows: unknown[]; rowCount: number | null }>
}

/** Lists of numbers, which most reads are by, are written at once: the driver quotes and escapes each element. */
function parameterOf(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
    ? `{${value.join(',')}}`
    : value
}

/**
 * A pg pool or a client inside its transaction.
 * @param nameOf names of statements to prepare (`createStatementNames`), empty for others; without it none is
 */
export function pgSql(client: PgClient, nameOf?: (statement: { readonly sql: string }) => string): Sql {
  const send = (text: string, parameters: readonly unknown[]) => {
    const name = nameOf?.({ sql: text })
    return client.query({ ...(name ? { name } : {}), text, values: parameters.map(parameterOf) })
  }
  return {
    dialect: 'postgres',
    execute: async (statement, parameters) => (await send(statement, parameters)).rowCount ?? 0,
    query: async <Row>(statement: string, parameters: readonly unknown[]) =>
      (await send(statement, parameters)).rows as Row[],
  }
}
