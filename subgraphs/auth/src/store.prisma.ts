import { type PrismaClientSettings, prismaOptions } from '@movieverse/kit/databases/prisma'
import type { Outbox } from '@movieverse/kit/outbox/outbox'
import { prismaSql } from '@movieverse/kit/sql'
import { usersImported } from './events.ts'
import { Prisma, PrismaClient } from './generated/client.ts'
import { type Account, type AccountStore, type NewMember, type SigningKey, TakenError } from './store.ts'

/**
 * A client on the service's own database; the composition root shares it with the outbox's relay.
 * @param url PostgreSQL
 */
export function createAuthClient(
  url: string,
  { connections, onStatement }: PrismaClientSettings = {},
): PrismaClient {
  const options = prismaOptions(url, { connections })
  if (!onStatement) return new PrismaClient(options)
  const client = new PrismaClient({ ...options, log: [{ emit: 'event', level: 'query' }] })
  client.$on('query', ({ query }) => onStatement(query))
  return client
}

export interface PrismaAccountStoreSettings {
  readonly client: PrismaClient
  readonly outbox: Outbox
}

const columns = {
  id: true,
  email: true,
  username: true,
  passwordHash: true,
  admin: true,
  version: true,
  sessionEpoch: true,
  createdAt: true,
} as const satisfies Prisma.AccountSelect

/** What an erased account is changed to. */
const nobody = {
  email: null,
  emailKey: null,
  username: null,
  usernameKey: null,
  passwordHash: null,
  admin: false,
  sessionEpoch: { increment: 1 },
  version: { increment: 1 },
}

type Row = Prisma.AccountGetPayload<{ select: typeof columns }>

const account = (row: Row): Account => ({ ...row, username: row.username ?? '' })

/** Accounts in PostgreSQL, by Prisma. */
export function createPrismaAccountStore({ client, outbox }: PrismaAccountStoreSettings): AccountStore {
  const here = { erasedAt: null }

  /** Commits with the events that `work` has appended, then wakes the relay. */
  async function writing<T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
    const result = await client.$transaction(work)
    outbox.wake()
    return result
  }

  async function one(where: Prisma.AccountWhereUniqueInput): Promise<Account | null> {
    const row = await client.account.findUnique({ where: { ...where, ...here }, select: columns })
    return row && account(row)
  }

  /** Locks the administrators' rows, so that two of them cannot go at once. */
  async function isLastAdministrator(tx: Prisma.TransactionClient, id: number): Promise<boolean> {
    const rows = await tx.$queryRaw<
      { id: number }[]
    >`select id from accounts where admin order by id for update`
    return rows.length === 1 && rows[0]?.id === id
  }

  return {
    async byIds(ids) {
      const rows = await client.account.findMany({
        where: { id: { in: [...ids] }, ...here },
        select: columns,
      })
      const found = new Map(rows.map((row) => [row.id, account(row)]))
      return ids.map((id) => found.get(id) ?? null)
    },

    byEmailKey: (emailKey) => one({ emailKey }),
    byUsernameKey: (usernameKey) => one({ usernameKey }),

    async taken({ emailKey, usernameKey }) {
      const rows = await client.account.findMany({
        where: { OR: [{ emailKey }, { usernameKey }] },
        select: { emailKey: true, usernameKey: true },
      })
      return {
        email: rows.some((row) => row.emailKey === emailKey),
        username: rows.some((row) => row.usernameKey === usernameKey),
      }
    },

    insert: (data, tell) =>
      writing(async (tx) => {
        const made = account(await tx.account.create({ data, select: columns }))
        await outbox.append(prismaSql(tx), tell(made))
        return made
      }).catch((cause: unknown) => {
        if (isUniqueViolation(cause)) throw new TakenError('taken', { cause })
        throw cause
      }),

    async setPassword(id, passwordHash) {
      const [row] = await client.account.updateManyAndReturn({
        where: { id, passwordHash: { not: null }, ...here },
        data: { passwordHash, sessionEpoch: { increment: 1 }, version: { increment: 1 } },
        select: columns,
      })
      return row ? account(row) : null
    },

    async rehash(id, from, to) {
      await client.account.updateMany({ where: { id, passwordHash: from }, data: { passwordHash: to } })
    },

    touch: (id, tell) =>
      writing(async (tx) => {
        const [row] = await tx.account.updateManyAndReturn({
          where: { id, ...here },
          data: { version: { increment: 1 } },
          select: columns,
        })
        if (!row) return null
        await outbox.append(prismaSql(tx), tell(account(row)))
        return account(row)
      }),

    setAdmin: (id, admin) =>
      client.$transaction(async (tx) => {
        const last = await isLastAdministrator(tx, id)
        const row = await tx.account.findUnique({ where: { id, ...here }, select: columns })
        if (!row) return null
        if (row.admin === admin) return { outcome: 'unchanged', account: account(row) }
        if (last) return { outcome: 'last', account: account(row) }
        const data = { admin, sessionEpoch: { increment: 1 }, version: { increment: 1 } }
        const changed = await tx.account.update({ where: { id }, data, select: columns })
        return { outcome: 'changed', account: account(changed) }
      }),

    erase: (id, tell) =>
      writing(async (tx) => {
        if (await isLastAdministrator(tx, id)) return 'last'
        const where = { id, ...here }
        const data = { ...nobody, erasedAt: new Date() }
        const [row] = await tx.account.updateManyAndReturn({ where, data, select: columns })
        if (!row) return 'gone'
        await outbox.append(prismaSql(tx), tell(account(row)))
        return 'erased'
      }),

    async erasures() {
      const where = { erasedAt: { not: null } }
      const select = { id: true, erasedAt: true, version: true }
      const rows = await client.account.findMany({ where, select, orderBy: { id: 'asc' } })
      return rows.flatMap(({ id, erasedAt, version }) =>
        erasedAt ? [{ userId: id, erasedAt, version }] : [],
      )
    },

    async eraseAgain(erasures, tell) {
      const erased: number[] = []
      for (const { userId: id, erasedAt } of erasures) {
        await writing(async (tx) => {
          const where = { id, createdAt: { lte: erasedAt }, ...here }
          const data = { ...nobody, erasedAt }
          const [row] = await tx.account.updateManyAndReturn({ where, data, select: columns })
          if (!row) return
          await outbox.append(prismaSql(tx), tell(account(row)))
          erased.push(id)
        })
      }
      return erased
    },

    async skipIds(count) {
      await client.$queryRaw`select setval('accounts_id_seq', nextval('accounts_id_seq') + ${count}::int - 1)`
    },

    hasAdministrator: async () =>
      (await client.account.findFirst({ where: { admin: true, ...here } })) !== null,

    importMembers: (members, origin) =>
      writing(async (tx) => {
        const known = await memberIds(tx, members)
        let missing = members.filter(({ source }) => !known.has(source))
        const made: number[] = []
        for (let choice = 0; missing.length > 0; choice += 1) {
          for (const { id, source } of await insertMembers(tx, missing, choice)) {
            made.push(id)
            known.set(source, id)
          }
          missing = missing.filter(({ source }) => !known.has(source))
          // What is missing still has a taken name, or another import was faster with the same member.
          if (missing.length > 0)
            for (const [source, id] of await memberIds(tx, missing)) known.set(source, id)
          missing = missing.filter(({ source }) => !known.has(source))
        }
        if (made.length > 0) await outbox.append(prismaSql(tx), [usersImported(made, origin)])
        return members.map(({ source }) => known.get(source) ?? 0)
      }),

    signingKeys: async () => (await client.signingKey.findMany()).map(signingKey),

    changeSigningKeys: (decide) =>
      client.$transaction(async (tx) => {
        await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('auth.signing_keys'))`
        const keys = (await tx.signingKey.findMany()).map(signingKey)
        const { add, remove } = await decide(keys)
        if (add.length > 0)
          await tx.signingKey.createMany({
            data: add.map((key) => ({ ...key, publicJwk: key.publicJwk as Prisma.InputJsonObject })),
          })
        if (remove.length > 0) await tx.signingKey.deleteMany({ where: { kid: { in: [...remove] } } })
        return [...keys.filter(({ kid }) => !remove.includes(kid)), ...add]
      }),

    ping: async () => {
      await client.$queryRaw`select 1`
    },
    close: () => client.$disconnect(),
  }
}

async function memberIds(
  tx: Prisma.TransactionClient,
  members: readonly NewMember[],
): Promise<Map<string, number>> {
  const rows = await tx.account.findMany({
    where: { source: { in: members.map(({ source }) => source) } },
    select: { id: true, source: true },
  })
  return new Map(rows.map(({ id, source }) => [source ?? '', id]))
}

/** Those whose name is taken are left out of what it answers. @throws Error when a member has no further name */
async function insertMembers(
  tx: Prisma.TransactionClient,
  members: readonly NewMember[],
  choice: number,
): Promise<{ id: number; source: string }[]> {
  const rows = await tx.account.createManyAndReturn({
    data: members.map(({ source, names }) => {
      const name = names[choice]
      if (!name) throw new Error(`${source}: each of its user names is taken`)
      return { source, username: name.shown, usernameKey: name.key }
    }),
    skipDuplicates: true,
    select: { id: true, source: true },
  })
  return rows.map(({ id, source }) => ({ id, source: source ?? '' }))
}

function signingKey(row: Prisma.SigningKeyModel): SigningKey {
  return { ...row, publicJwk: row.publicJwk as Readonly<Record<string, unknown>> }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}
