import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyMigrations, migrationStatus } from '@movieverse/kit/databases/migrate'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { expect, test } from 'vitest'
import { newMigrations } from './new.ts'

const schema = (fields: string) => `datasource db {
  provider = "postgresql"
}

model Book {
  id Int @id
  ${fields}
  @@map("books")
}
`

test('migrations are written for what changed in a schema, and can be applied', {
  timeout: 120_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'movieverse-new-migration-'))
  const folder = join(root, 'migrations')
  await mkdir(folder)
  const [monday, tuesday] = [new Date('2026-03-02T01:02:03Z'), new Date('2026-03-03T01:02:03Z')]

  await writeFile(join(root, 'schema.prisma'), schema('title String'))
  expect(await newMigrations('init', [folder], monday)).toEqual([
    join(folder, '20260302010203_init', 'migration.sql'),
  ])
  expect(await readFile(join(folder, 'migration_lock.toml'), 'utf8')).toContain('provider = "postgresql"')
  expect(await newMigrations('nothing', [folder], tuesday)).toEqual([])

  await writeFile(join(root, 'schema.prisma'), schema('title String\n  pages Int?'))
  const [second = ''] = await newMigrations('pages', [folder], tuesday)
  expect(await readFile(second, 'utf8')).toContain('ADD COLUMN     "pages" INTEGER')

  const database = await createTestDatabase('kit')
  expect(await applyMigrations({ url: database.url, folder })).toEqual([
    '20260302010203_init',
    '20260303010203_pages',
  ])
  expect(await migrationStatus({ url: database.url, folder })).toMatchObject({ pending: [], failed: [] })
  await database.close()
  await rm(root, { recursive: true })
})
