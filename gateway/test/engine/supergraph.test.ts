import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '@movieverse/kit/log'
import { printSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/execution/engine.ts'
import { hivePlanner } from '../../src/planning/planner.hive.ts'
import { supergraphFile } from '../../src/supergraph/file.ts'
import { readSupergraph } from '../../src/supergraph/read.ts'
import { serveSupergraph } from '../../src/supergraph/serving.ts'
import { createSubgraphTransport } from '../../src/transport/subgraphs.ts'
import {
  compose,
  contextOf,
  operationOf,
  type Service,
  type Subgraphs,
  startSubgraphs,
} from './federation.ts'
import { createHarbour } from './harbour.ts'

const log = createLog({ service: 'test', level: 'silent' })
const harbour = createHarbour().services

test('clients see neither the join machinery nor what is @inaccessible', () => {
  const { schema, subgraphs } = compose(harbour, 'http://127.0.0.1:1')
  const printed = printSchema(schema)
  expect(printed).not.toMatch(/join__|link__|hidden|SECRET|@inaccessible/)
  expect(printed).toContain('type Ship implements Vessel')
  expect(Object.fromEntries(subgraphs)).toEqual({
    fleet: 'http://127.0.0.1:1/fleet',
    crew: 'http://127.0.0.1:1/crew',
    cargo: 'http://127.0.0.1:1/cargo',
    registry: 'http://127.0.0.1:1/registry',
  })
})

test('what is not a supergraph is refused with a reason', () => {
  expect(() => readSupergraph('type Query { a: Int }')).toThrow('names no subgraph')
  expect(() => readSupergraph('nonsense {')).toThrow('Syntax Error')
})

describe('A supergraph file', () => {
  let folder: string
  let subgraphs: Subgraphs
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'supergraph-'))
    subgraphs = await startSubgraphs(harbour)
  })
  afterAll(async () => {
    await subgraphs.close()
    await rm(folder, { recursive: true })
  })

  const fleet = harbour.fleet as Service
  const withNewField: Service = {
    ...fleet,
    sdl: fleet.sdl.replace('type Query {', 'type Query { newest: Ship'),
  }
  const before = () => compose(harbour, subgraphs.origin).sdl
  const after = () => compose({ ...harbour, fleet: withNewField }, subgraphs.origin).sdl
  const source = (file: string) => supergraphFile(file, { log, pollMs: 50, settleMs: 10 })
  const fieldsOf = (supergraph: ReturnType<typeof readSupergraph>) =>
    Object.keys(supergraph.schema.getQueryType()?.getFields() ?? {})

  test.each(['write', 'rename'])('is taken up when it changes by %s', async (way) => {
    const file = join(folder, `${way}.graphql`)
    await writeFile(file, before())
    const serving = await serveSupergraph({
      source: source(file),
      build: async (read) => fieldsOf(read),
      log,
    })
    expect(serving.current()).not.toContain('newest')
    if (way === 'write') await writeFile(file, after())
    else {
      await writeFile(`${file}.new`, after())
      await rename(`${file}.new`, file)
    }
    await expect.poll(() => serving.current(), { timeout: 5_000 }).toContain('newest')
    serving.close()
  })

  test('is read again on SIGHUP', async () => {
    const file = join(folder, 'signal.graphql')
    await writeFile(file, before())
    let reads = 0
    const counted = { ...source(file), read: async () => `${before()}\n# ${++reads}` }
    const serving = await serveSupergraph({ source: counted, build: async () => reads, log })
    process.emit('SIGHUP')
    await expect.poll(() => serving.current()).toBe(2)
    serving.close()
  })

  test('that is broken leaves the old one serving, and says why', async () => {
    const file = join(folder, 'broken.graphql')
    await writeFile(file, before())
    const serving = await serveSupergraph({
      source: source(file),
      build: async (read) => fieldsOf(read),
      log,
    })
    await writeFile(file, 'type Query { broken')
    await serving.reload()
    expect(serving.state()).toMatchObject({
      phase: 'serving',
      refused: expect.stringContaining('Syntax Error'),
    })
    expect(serving.current()).toContain('ships')
    await writeFile(file, after())
    await serving.reload()
    expect(serving.state()).toMatchObject({ phase: 'serving' })
    expect(serving.state()).not.toHaveProperty('refused')
    expect(serving.current()).toContain('newest')
    serving.close()
    expect(serving.state()).toEqual({ phase: 'closed' })
  })

  test('that is broken from the start fails, and serves as soon as it is whole', async () => {
    const file = join(folder, 'late.graphql')
    await writeFile(file, '')
    const serving = await serveSupergraph({
      source: source(file),
      build: async (read) => fieldsOf(read),
      log,
    })
    expect(serving.state()).toMatchObject({ phase: 'failed' })
    expect(() => serving.current()).toThrow('No supergraph serves')
    await writeFile(file, before())
    await expect.poll(() => serving.state().phase, { timeout: 5_000 }).toBe('serving')
    serving.close()
  })

  test('swaps under load without losing a request, and no sooner than its operations are planned', async () => {
    const file = join(folder, 'load.graphql')
    await writeFile(file, before())
    const transport = createSubgraphTransport()
    const query = '{ ships { name captain { name } flag } }'
    let planned = 0
    const build = async (supergraph: ReturnType<typeof readSupergraph>) => {
      const engine = createEngine({
        supergraph,
        planner: (of) => {
          const planner = hivePlanner(of)
          return {
            plan: async (...operation) => {
              planned++
              await sleep(20)
              return planner.plan(...operation)
            },
          }
        },
        transport,
      })
      await engine.compile(operationOf(supergraph, query))
      return engine
    }
    const serving = await serveSupergraph({ source: source(file), build, log })

    let stop = false
    const engines = new Set<unknown>()
    const answers: unknown[] = []
    const client = async () => {
      while (!stop) {
        const engine = serving.current()
        engines.add(engine)
        const compiled = await engine.compile(operationOf(engine.supergraph, query))
        answers.push(await compiled.execute({}, contextOf()))
      }
    }
    const clients = Array.from({ length: 8 }, client)
    for (const text of [after(), before(), after()]) {
      await writeFile(file, text)
      await serving.reload()
      await sleep(30)
    }
    stop = true
    await Promise.all(clients)
    expect(engines.size).toBe(4)
    expect(planned).toBe(4)
    const expected = answers[0]
    expect(expected).toMatchObject({ data: { ships: [{ flag: 'flag of s1' }, {}, {}] } })
    for (const answer of answers) expect(answer).toEqual(expected)
    serving.close()
    await transport.close()
  })
})
