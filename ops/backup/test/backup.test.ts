import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { openDatabases } from '@movieverse/kit/databases/databases'
import { silentLog } from '@movieverse/kit/log'
import { openMetadataEngine } from '@movieverse/metadata/engine'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { writeLedger } from '../erasures.ts'
import { contentHash, type Manifest, writeManifest } from '../manifest.ts'
import { measure, readRows } from '../rows.ts'
import { fill, numberOf, openParts, publish, readLog } from './content.ts'
import { backUpStores, combinations, openStoresOf, restoreStores, type Stores } from './platform.ts'

const hashes = ({ stores }: Manifest) =>
  Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, contentHash(store)]))

describe.each(combinations)(
  'a platform with films on $movies and metadata on $metadata',
  {
    timeout: 180_000,
  },
  (engines) => {
    let folder: string
    let source: Stores
    let manifest: Manifest
    /** Events that a reader of the log had handled by then. */
    let slowRead = 0
    const users: Record<'kept' | 'gone' | 'later', number> = { kept: 0, gone: 0, later: 0 }
    const backup = () => join(folder, 'backup')

    async function newStores(): Promise<Stores> {
      const stores = await openStoresOf(engines)
      onTestFinished(() => stores.close())
      return stores
    }
    async function partsOf(stores: Stores) {
      const parts = await openParts(stores)
      onTestFinished(() => parts.close())
      return parts
    }
    /** A copy of the backup in which things may be changed. */
    async function copied(): Promise<string> {
      const copy = await mkdtemp(join(folder, 'copy-'))
      await cp(backup(), copy, { recursive: true })
      return copy
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'movieverse-backups-'))
      source = await openStoresOf(engines)
      await writeFile(join(source.dataDir, 'sample-loaded'), '')
      const parts = await openParts(source)
      await fill(parts)
      users.kept = await parts.register('kept')
      users.gone = await parts.register('gone')
      slowRead = (await readLog(parts.bus, 'slow', 10)).length
      await readLog(parts.bus, 'quick', 40)
      // The platform is at work meanwhile.
      manifest = await backUpStores(source, backup())
      // Since the backup: one more member, one less, and events that nobody restores.
      users.later = await parts.register('later')
      await parts.erase(users.gone)
      await publish(parts.bus, 5, 41)
      await parts.close()
    }, 180_000)
    afterAll(async () => {
      await source.close()
      await rm(folder, { recursive: true, force: true })
    })

    test('has equal contents after it was restored elsewhere, and a backup of that is the same', async () => {
      expect(manifest.stores.movies?.engine).toBe(engines.movies)
      expect(manifest.stores.metadata?.engine).toBe(engines.metadata)
      for (const { name, tables } of Object.entries(manifest.stores).map(([name, store]) => ({
        name,
        ...store,
      }))) {
        expect([name, tables.reduce((sum, { rows }) => sum + rows, 0)]).not.toEqual([name, 0])
      }
      const target = await newStores()
      const restored = await restoreStores(target, backup())
      expect(restored.erased).toEqual([])
      const again = await backUpStores(target, join(folder, 'again'))
      expect(hashes(again)).toEqual(hashes(manifest))
      expect(again.files).toEqual(manifest.files)
      expect(Object.keys(again.files)).toEqual(['sample-loaded'])
    })

    test('goes on where it was: ids, jobs, readers of the log', async () => {
      const target = await newStores()
      await restoreStores(target, backup())
      const parts = await partsOf(target)
      const films = await parts.movies.page({}, { order: 'OLDEST', after: undefined, limit: 100 })
      const { stores } = manifest
      const name = engines.movies === 'mysql' ? 'movies' : 'public.movies'
      expect(films.length).toBe(stores.movies?.tables.find((table) => table.name === name)?.rows)
      const [next = 0] = await parts.importers.importMovies(
        [{ title: 'Next', alternativeTitles: [], genreIds: [], countries: [] }],
        'seed',
      )
      expect(next).toBe(Math.max(...films.map(({ id }) => id)) + 1)
      // Whoever was given an id since the backup shares it with nobody.
      expect(await parts.register('afterwards')).toBeGreaterThan(users.later)

      await publish(parts.bus, 1, 100)
      const slow = (await readLog(parts.bus, 'slow', 41 - slowRead)).map(numberOf)
      expect(new Set(slow).size).toBe(41 - slowRead)
      expect(Math.max(...slow)).toBe(100)
      expect((await readLog(parts.bus, 'quick', 1)).map(numberOf)).toEqual([100])

      const done = Promise.withResolvers<unknown>()
      const work = await parts.jobs.work({
        queue: 'letters',
        async handle(job) {
          done.resolve({ id: job.id, data: job.data })
        },
      })
      expect(await done.promise).toEqual({ id: 'letter-1', data: { to: 7, text: 'näher\n\t\\.' } })
      await work.close()
    })

    test('erases again whom its accounts say were erased since', async () => {
      await expect(restoreStores(source, backup())).rejects.toThrow(/not empty/)
      const copy = await copied()
      const { erased } = await restoreStores(source, copy, { force: true })
      expect(erased).toEqual([users.gone])
      const parts = await partsOf(source)
      const [kept, gone] = await parts.auth.byIds([users.kept, users.gone])
      expect([kept?.username, gone]).toEqual(['kept', null])
      expect((await parts.untold()).at(-1)).toMatchObject({ type: 'user_erased', user_id: users.gone })
      // The ledger stays with the backup, for the day on which the accounts are lost.
      const target = await newStores()
      expect((await restoreStores(target, copy)).erased).toEqual([users.gone])
    })

    test('erases again whom a ledger knows of, when the accounts are lost', async () => {
      const ledger = join(folder, 'ledger')
      await writeLedger(ledger, [
        { userId: users.gone, erasedAt: new Date() },
        { userId: 77_777, erasedAt: new Date() },
      ])
      const target = await newStores()
      expect((await restoreStores(target, await copied(), { ledgers: [ledger] })).erased).toEqual([
        users.gone,
      ])
      await writeFile(ledger, 'no ledger\n')
      const other = await newStores()
      await expect(restoreStores(other, await copied(), { ledgers: [ledger] })).rejects.toThrow(/no ledger/)
    })

    test('is not touched by a backup that is broken, changed, unfinished or of other engines', async () => {
      const target = await newStores()
      const untouched = async () =>
        expect(hashes(await backUpStores(target, await newFolder()))).toEqual(before)
      const newFolder = () => mkdtemp(join(folder, 'check-'))
      const parts = await openParts(target)
      await parts.register('present')
      await parts.close()
      const before = hashes(await backUpStores(target, await newFolder()))

      const changed = await copied()
      const accounts = join(changed, 'auth', 'public.accounts.gz')
      const rows = gunzipSync(await readFile(accounts)).toString()
      await writeFile(accounts, gzipSync(rows.replace('kept', 'kepf')))
      await expect(restoreStores(target, changed, { force: true })).rejects.toThrow(/has changed/)
      await writeFile(accounts, (await readFile(accounts)).subarray(0, 40))
      await expect(restoreStores(target, changed, { force: true })).rejects.toThrow(/cannot be read/)

      const unfinished = await copied()
      await rm(join(unfinished, 'manifest.json'))
      await expect(restoreStores(target, unfinished, { force: true })).rejects.toThrow(/no whole backup/)

      const foreign = await copied()
      const { reviews } = manifest.stores
      if (!reviews) throw new Error('no reviews')
      await writeManifest(foreign, {
        ...manifest,
        stores: { ...manifest.stores, reviews: { ...reviews, engine: 'mysql' } },
      })
      await expect(restoreStores(target, foreign, { force: true })).rejects.toThrow(
        /kept from a database of mysql/,
      )

      const using = await openParts(target)
      await expect(restoreStores(target, backup(), { force: true })).rejects.toThrow(/in use/)
      await using.close()
      await untouched()
    })

    test('is not served half-restored, and the restore can be run again', async () => {
      const target = await newStores()
      // The last store's rows are sound and do not fit: what a kill in the middle leaves.
      const copy = await copied()
      const store = manifest.stores.platform
      const table = store?.tables.find(({ name }) => name === 'bus.event')
      if (!store || !table) throw new Error('no log')
      const file = join(copy, table.file)
      await writeFile(file, gzipSync(`${gunzipSync(await readFile(file)).toString()}no row\n`))
      const broken = { ...table, ...(await measure(readRows(file))) }
      const tables = store.tables.map((one) => (one === table ? broken : one))
      await writeManifest(copy, {
        ...manifest,
        stores: { ...manifest.stores, platform: { ...store, tables } },
      })
      await expect(restoreStores(target, copy)).rejects.toThrow()
      for (const service of ['auth', 'movies', 'platform']) {
        const options = { services: [service], env: target.env, dataDir: target.dataDir, log: silentLog }
        await expect(openDatabases(options)).rejects.toMatchObject({ code: 'RESTORE_UNFINISHED' })
      }
      if (engines.metadata === 'mongodb') {
        await expect(openMetadataEngine(target.urlOf('metadata'), { log: silentLog })).rejects.toMatchObject({
          code: 'RESTORE_UNFINISHED',
        })
      }
      await restoreStores(target, backup(), { force: true })
      expect(hashes(await backUpStores(target, await mkdtemp(join(folder, 'check-'))))).toEqual(
        hashes(manifest),
      )
    })
  },
)
