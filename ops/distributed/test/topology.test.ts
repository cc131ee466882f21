import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePorts } from '../../e2e/ground.ts'
import { readCompose } from '../compose.ts'
import { openControl, sendCommand } from '../control.ts'
import { placeEntries } from '../placement.ts'
import { createTopology, type Topology } from '../topology.ts'

let folder: string
let topology: Topology | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'movieverse-topology-'))
})
afterEach(async () => {
  await topology?.stop()
  topology = undefined
  await rm(folder, { recursive: true, force: true })
})

const health = `
    healthcheck:
      test: [CMD, node, ops/docker/health.mjs, /]
      interval: 1s
      start_interval: 100ms
      start_period: 30s`

const entry = (name: string, kind: string, more = '') => `
  ${name}:
    build: { target: ${name} }
    command: [node, ops/distributed/test/program.mjs, ${kind}]
    environment: { NAME: ${name}, PORT: '4000', TOLD: ${folder}/told }
    expose: ['4000']${kind === 'stay' ? health : ''}${more}`

const after = (other: string, condition = 'service_healthy') => `
    depends_on:
      ${other}: { condition: ${condition} }`

const restart = `
    restart: unless-stopped`

async function create(...entries: string[]): Promise<Topology> {
  const file = join(folder, 'compose.yml')
  await writeFile(file, `name: small\nservices:${entries.join('')}\n`)
  const placed = placeEntries(await readCompose(file, {}), { basePort: await freePorts(), folder })
  topology = createTopology(placed, { root: process.cwd(), folder, inherited: {} })
  return topology
}

const told = async () => (await readFile(join(folder, 'told'), 'utf8')).trim().split('\n')

/** Two stores of two processes each behind a front, prepared by what does its work and ends. */
const small = () => [
  entry('prepare', 'end'),
  entry(
    'store',
    'stay',
    `${restart}${after('prepare', 'service_completed_successfully')}\n    deploy: { replicas: 2 }`,
  ),
  entry('front', 'stay', `${restart}${after('store')}\n    x-roll-signal: SIGHUP`),
]

describe('processes of a compose file', () => {
  test('start when those they depend on are as they ask, and stop before them', async () => {
    const { start, stop } = await create(...small())
    await start()
    expect(await told()).toEqual(['prepare starts', 'store starts', 'store starts', 'front starts'])
    await stop()
    expect((await told()).slice(4)).toEqual(['front stops', 'store stops', 'store stops'])
  })

  test('are replaced one by one, each when the one before is healthy; who is alone and can reload, reloads', async () => {
    const { start, roll, of, processes } = await create(...small())
    await start()
    const before = processes.map(({ pid }) => pid)
    const order: string[] = []
    await roll((name) => order.push(name))
    expect(order).toEqual(['store-1', 'store-2', 'front'])
    // A signal is answered in its process's own time.
    await expect
      .poll(async () => (await told()).slice(4))
      .toEqual(['store stops', 'store starts', 'store stops', 'store starts', 'front reloads'])
    const after = processes.map(({ pid }) => pid)
    expect(after.filter((pid) => before.includes(pid))).toEqual([undefined, of('front')[0]?.pid])
    expect(processes.map(({ restarts }) => restarts)).toEqual([0, 0, 0, 0])
  })

  test('are started again when they end by themselves, and are healthy then', async () => {
    const { start, of } = await create(...small())
    await start()
    const [store] = of('store')
    await fetch(`${store?.process.origin}/crash`).catch(() => undefined)
    await expect.poll(() => store?.restarts, { timeout: 10_000 }).toBe(1)
    await store?.ready()
    expect(await (await fetch(`${store?.process.origin}/`)).text()).toBe('store')
  })

  test('that cannot start end the start: with the end of their log, and with nothing left running', async () => {
    const { start, processes } = await create(
      ...small(),
      entry('broken', 'crash', after('prepare', 'service_completed_successfully')),
    )
    await expect(start()).rejects.toThrow(/broken has ended with 1[\s\S]*this one cannot start/)
    expect(processes.map(({ pid }) => pid)).toEqual([undefined, undefined, undefined, undefined, undefined])
  })

  test('that keep ending are not waited for', async () => {
    const { start } = await create(entry('broken', 'crash', `${restart}${health}`))
    await expect(start()).rejects.toThrow(/broken keeps ending, with 1[\s\S]*this one cannot start/)
  }, 60_000)

  test('that depend on each other in a circle are refused', async () => {
    const circle = create(entry('one', 'stay', after('two')), entry('two', 'stay', after('one')))
    await expect(circle).rejects.toThrow('one, two depend on each other in a circle')
  })
})

describe('a running launcher', () => {
  test('takes commands by name, one launcher a folder, and says why one has failed', async () => {
    const commands = {
      status: async () => 'fine',
      roll: async () => Promise.reject(new Error('store-1 is not ready')),
    }
    const control = await openControl(folder, commands)
    expect(await sendCommand(folder, 'status')).toBe('fine')
    await expect(sendCommand(folder, 'roll')).rejects.toThrow('store-1 is not ready')
    await expect(sendCommand(folder, 'dance')).rejects.toThrow('There is no command dance.')
    await expect(openControl(folder, commands)).rejects.toThrow('another launcher is at work')
    await control.close()
    await expect(sendCommand(folder, 'status')).rejects.toThrow()
    await (await openControl(folder, commands)).close()
  })
})
