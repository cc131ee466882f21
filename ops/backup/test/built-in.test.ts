import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { restoringFile } from '@movieverse/kit/databases/restoring'
import { silentLog } from '@movieverse/kit/log'
import { expect, onTestFinished, test } from 'vitest'
import { contentHash, type Manifest } from '../manifest.ts'
import { fill, openParts } from './content.ts'
import { backUpStores, restoreStores } from './platform.ts'

const hashes = ({ stores }: Manifest) =>
  Object.entries(stores).map(([name, store]) => [name, contentHash(store)])

test('a data folder is backed up beside the platform that works on it, and restored into another one', {
  timeout: 240_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'movieverse-built-in-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const place = (name: string) => ({ env: {}, dataDir: join(root, name) })
  const [source, target] = [place('source'), place('target')]
  const parts = await openParts(source)
  await fill(parts)
  await parts.register('member')
  const manifest = await backUpStores(source, join(root, 'backup'))
  await expect(restoreStores(source, join(root, 'backup'), { force: true })).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
  })
  await parts.close()

  expect((await restoreStores(target, join(root, 'backup'))).erased).toEqual([])
  expect(hashes(await backUpStores(target, join(root, 'again')))).toEqual(hashes(manifest))

  await writeFile(restoringFile(target.dataDir), '')
  await expect(openDatabases({ ...target, services: ['auth'], log: silentLog })).rejects.toMatchObject({
    code: 'RESTORE_UNFINISHED',
  })
})
