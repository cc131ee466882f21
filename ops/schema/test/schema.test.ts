import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractGaps } from '@movieverse/kit/testing/contract'
import { describe, expect, test } from 'vitest'
import { composeSupergraph } from '../compose.ts'
import { operationFaults } from '../operations.ts'

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])'
const movies = {
  name: 'movies',
  sdl: `${link} type Query { movie: Movie } type Movie @key(fields: "id") { id: ID! title: String! }`,
}
const read = (file: string) => readFile(join('schema', file), 'utf8')

describe('composition', () => {
  test('joins subgraphs, each at its own address', () => {
    const reviews = {
      name: 'reviews',
      sdl: `${link} type Movie @key(fields: "id") { id: ID! rating: Float }`,
    }
    const supergraph = composeSupergraph([movies, reviews])
    expect(supergraph).toContain('url: "http://127.0.0.1:4003/graphql"')
    expect(supergraph).toMatch(/rating: Float @join__field\(graph: REVIEWS\)/)
  })

  test('stops with the composer’s message when a field is defined twice', () => {
    const reviews = {
      name: 'reviews',
      sdl: `${link} type Movie @key(fields: "id") { id: ID! title: String! }`,
    }
    expect(() => composeSupergraph([movies, reviews])).toThrow(
      /do not compose:\n.*Non-shareable field "Movie\.title"/,
    )
  })

  test('stops when a subgraph is not valid by itself', () => {
    const broken = { name: 'movies', sdl: `${link} type Query { movie: Film }` }
    expect(() => composeSupergraph([broken])).toThrow(/Film/)
  })
})

describe('the schema in the repository', () => {
  test.each(['auth', 'users', 'movies', 'reviews', 'metadata'])('%s holds its contract', async (name) => {
    expect(contractGaps(await read(`${name}.graphql`), await read(`contract/${name}.graphql`))).toEqual([])
  })

  test('composes to the supergraph that is there', async () => {
    const names = (await readdir('schema/contract')).map((file) => file.replace('.graphql', ''))
    const order = ['auth', 'users', 'movies', 'reviews', 'metadata'].filter((name) => names.includes(name))
    const subgraphs = await Promise.all(
      order.map(async (name) => ({ name, sdl: await read(`${name}.graphql`) })),
    )
    expect(composeSupergraph(subgraphs).trim()).toBe((await read('supergraph.graphql')).trim())
  })

  test('answers every operation of the front ends', async () => {
    expect(await operationFaults(await read('supergraph.graphql'), 'schema/operations')).toEqual([])
  })

  test('names the operation that a change would break', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'movieverse-operations-'))
    await writeFile(join(folder, 'old.graphql'), '{ movies { total } }')
    const faults = await operationFaults(await read('supergraph.graphql'), folder)
    await rm(folder, { recursive: true })
    expect(faults).toEqual([expect.stringMatching(/old\.graphql: Cannot query field "total"/)])
  })
})
