import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { silentLog } from '@movieverse/kit/log'
import { startEmbeddedPostgres } from '@movieverse/kit/postgres/embedded'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

// A server's first start takes a second, and many on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'movieverse-embedded-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function serverPidIn(dataDir: string): Promise<number> {
  return Number((await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

/** A process of its own that owns a server, until it is killed as by kill -9. */
async function ownerProcess(dataDir: string): Promise<{ url: string; kill(): Promise<void> }> {
  const source = `
    const { startEmbeddedPostgres } = await import('${pathToFileURL(resolve('subgraphs/kit/src/postgres/embedded.ts'))}')
    const { silentLog } = await import('${pathToFileURL(resolve('subgraphs/kit/src/log.ts'))}')
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false, log: silentLog })
    console.log(server.url('postgres'))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    url: url.toString().trim(),
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

describe('the embedded PostgreSQL', () => {
  test('keeps its data over a stop and a start', async () => {
    const dataDir = join(root, 'keeps')
    const first = await startEmbeddedPostgres({ dataDir, log: silentLog })
    expect(await first.createDatabase('films')).toBe(true)
    expect(await first.createDatabase('films')).toBe(false)
    await query(first.url('films'), 'CREATE TABLE film AS SELECT 7 AS id')
    await first.stop()
    const second = await startEmbeddedPostgres({ dataDir, log: silentLog })
    expect(await query(second.url('films'), 'SELECT id FROM film')).toEqual([{ id: 7 }])
    expect(await query(second.url('films'), 'SHOW fsync')).toEqual([{ fsync: 'on' }])
    expect(await query(second.url('films'), 'SHOW listen_addresses')).toEqual([
      { listen_addresses: '127.0.0.1' },
    ])
    await second.stop()
    expect((await stat(join(dataDir, 'password'))).mode & 0o777).toBe(0o600)
  })

  test('goes on under a new owner when the first was killed', async () => {
    const dataDir = join(root, 'orphan')
    const first = await ownerProcess(dataDir)
    const serverPid = await serverPidIn(dataDir)
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS id')
    await first.kill()
    const second = await startEmbeddedPostgres({ dataDir, durable: false, log: silentLog })
    expect([second.role, await serverPidIn(dataDir)]).toEqual(['owner', serverPid])
    expect(await query(second.url('postgres'), 'SELECT id FROM kept')).toEqual([{ id: 1 }])
    await second.stop()
    expect(() => process.kill(serverPid, 0)).toThrow('ESRCH')
  })

  test('is started anew when its owner was killed and its settings are to be others', async () => {
    const dataDir = join(root, 'changed')
    const first = await ownerProcess(dataDir)
    const serverPid = await serverPidIn(dataDir)
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS id')
    await first.kill()
    const second = await startEmbeddedPostgres({ dataDir, log: silentLog })
    expect(() => process.kill(serverPid, 0)).toThrow('ESRCH')
    expect(await query(second.url('postgres'), 'SELECT id FROM kept')).toEqual([{ id: 1 }])
    await second.stop()
  })

  test('takes over from an owner that was killed in the middle of the first start', async () => {
    const dataDir = join(root, 'cut-off')
    await mkdir(join(dataDir, 'cluster'), { recursive: true })
    await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '18\n')
    await writeFile(join(dataDir, 'starting.lock'), '2147483646')
    const server = await startEmbeddedPostgres({ dataDir, durable: false, log: silentLog })
    expect(await query(server.url('postgres'), 'SELECT 1 AS alive')).toEqual([{ alive: 1 }])
    await server.stop()
  })

  test('is started once by processes that start together', async () => {
    const dataDir = join(root, 'together')
    const start = () => startEmbeddedPostgres({ dataDir, join: true, durable: false, log: silentLog })
    const servers = await Promise.all([start(), start(), start()])
    expect(servers.map(({ role }) => role).sort()).toEqual(['guest', 'guest', 'owner'])
    for (const server of servers) await server.stop()
  })

  test.runIf(process.getuid?.() === 0)('runs under root in a folder that only root may enter', async () => {
    const closed = join(root, 'closed')
    await mkdir(closed, { mode: 0o700 })
    const server = await startEmbeddedPostgres({
      dataDir: join(closed, 'data'),
      durable: false,
      log: silentLog,
    })
    expect(await query(server.url('postgres'), 'SELECT 1 AS alive')).toEqual([{ alive: 1 }])
    await server.stop()
    expect((await stat(closed)).mode & 0o777).toBe(0o700)
  })

  test('is started again, at its address, by the owner that keeps it running', async () => {
    const dataDir = join(root, 'kept-running')
    const server = await startEmbeddedPostgres({ dataDir, log: silentLog })
    server.keepRunning()
    await query(server.url('postgres'), 'CREATE TABLE kept AS SELECT 1 AS id')
    for (let time = 0; time < 2; time++) {
      const serverPid = await serverPidIn(dataDir)
      process.kill(serverPid, 'SIGKILL')
      await expect
        .poll(() => query(server.url('postgres'), 'SELECT id FROM kept').catch(String), { timeout: 20_000 })
        .toEqual([{ id: 1 }])
      expect(await serverPidIn(dataDir)).not.toBe(serverPid)
    }
    await server.stop()
    await expect(serverPidIn(dataDir)).rejects.toThrow('ENOENT')
  })

  test('recovers when the server itself was killed', async () => {
    const dataDir = join(root, 'killed')
    const first = await startEmbeddedPostgres({ dataDir, log: silentLog })
    await query(first.url('postgres'), 'CREATE TABLE kept AS SELECT 1 AS id')
    const serverPid = Number(
      (await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0],
    )
    process.kill(serverPid, 'SIGKILL')
    const second = await startEmbeddedPostgres({ dataDir, log: silentLog })
    expect(await query(second.url('postgres'), 'SELECT id FROM kept')).toEqual([{ id: 1 }])
    await second.stop()
  })

  test('is joined by a guest, and refused to a second owner', async () => {
    const dataDir = join(root, 'shared')
    const owner = await startEmbeddedPostgres({ dataDir, durable: false, log: silentLog })
    await expect(startEmbeddedPostgres({ dataDir, log: silentLog })).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
    })
    const guest = await startEmbeddedPostgres({ dataDir, join: true, log: silentLog })
    expect([guest.role, guest.port]).toEqual(['guest', owner.port])
    await guest.stop()
    expect(await query(owner.url('postgres'), 'SELECT 1 AS alive')).toEqual([{ alive: 1 }])
    await owner.stop()
  })

  test('says what to do when the port is taken', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const start = startEmbeddedPostgres({ dataDir: join(root, 'port'), port, durable: false, log: silentLog })
    await expect(start).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      remedy: expect.stringContaining('another port'),
    })
    server.close()
  })

  test('refuses the data of a newer version', async () => {
    const dataDir = join(root, 'newer')
    await mkdir(join(dataDir, 'cluster'), { recursive: true })
    await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '19\n')
    await writeFile(join(dataDir, 'layout.json'), '{"layout":1,"postgres":19}')
    await expect(startEmbeddedPostgres({ dataDir, log: silentLog })).rejects.toMatchObject({
      code: 'DATA_VERSION',
      remedy: expect.stringContaining('newer version'),
    })
  })

  test('refuses a folder that is not one, and a disk that is nearly full', async () => {
    const file = join(root, 'file')
    await writeFile(file, '')
    await expect(startEmbeddedPostgres({ dataDir: join(file, 'x'), log: silentLog })).rejects.toMatchObject({
      code: 'DATA_DIR_NOT_WRITABLE',
    })
    const start = startEmbeddedPostgres({
      dataDir: join(root, 'full'),
      minimumFreeBytes: Number.MAX_SAFE_INTEGER,
      log: silentLog,
    })
    await expect(start).rejects.toMatchObject({ code: 'DISK_FULL' })
  })
})
