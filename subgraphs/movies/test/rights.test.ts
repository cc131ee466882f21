import { readFile } from 'node:fs/promises'
import { printSdl } from '@movieverse/kit/graphql/build'
import { contractGaps } from '@movieverse/kit/testing/contract'
import { isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { admin, CREATE, FACTS, type MoviesHarness, member, openMovies, UPDATE } from './harness.ts'

let on: MoviesHarness
// A film has no owner: whoever is no administrator is another user.
const viewers = { nobody: null, 'another user': member(2), 'who reviewed it': member(4), admin }
type Who = keyof typeof viewers
const whos = Object.keys(viewers) as Who[]

let id = 0
beforeAll(async () => {
  on = await openMovies()
  id = Number((await on.create({ title: 'Seen by all' })).movie?.id)
})
afterAll(() => on.close())

const adminsOnly = ['UNAUTHENTICATED', 'FORBIDDEN', 'FORBIDDEN', 'ok'] as const
const mutations: Readonly<Record<string, (who: Who) => ReturnType<MoviesHarness['ask']>>> = {
  createMovie: (who) => on.ask(CREATE, { input: { title: `By ${who}` } }, viewers[who]),
  updateMovie: (who) =>
    on.ask(UPDATE, { input: { id: String(id), expectedVersion: 1, title: `By ${who}` } }, viewers[who]),
}

describe('the rights of nobody, users and an administrator', () => {
  it.each(Object.entries(mutations))('to %s: an administrator alone', async (_, run) => {
    const outcomes: string[] = []
    for (const who of whos) {
      const { errors } = await run(who)
      outcomes.push(errors?.[0]?.extensions.code ?? 'ok')
    }
    expect(outcomes).toEqual(adminsOnly)
    expect(await on.titles('filter: { text: "by" }')).not.toContain('By nobody')
  })

  it('cover every mutation that there is', () => {
    const type = on.movies.schema.getMutationType()
    expect(Object.keys(type?.getFields() ?? {}).sort()).toEqual(Object.keys(mutations).sort())
  })

  it('to read films, lists and every field: everyone', async () => {
    const type = on.movies.schema.getType('Movie')
    for (const field of isObjectType(type) ? Object.keys(type.getFields()) : [])
      expect(FACTS).toContain(field)
    for (const who of whos) {
      const { errors } = await on.ask(
        `{ movie(id: "${id}") { ${FACTS} } movies(first: 5) { totalCount pageInfo { endCursor } edges { cursor node { ${FACTS} } } } }`,
        {},
        viewers[who],
      )
      expect(errors).toBeUndefined()
      for (const entity of ['Movie', 'Genre'] as const) {
        const selection = entity === 'Movie' ? FACTS : 'id movies { totalCount }'
        expect((await on.entities(entity, [id], selection, viewers[who] ?? undefined)).errors).toBeUndefined()
      }
    }
  })

  it('do not let a service write in nobody’s name', async () => {
    const { errors } = await on.ask(CREATE, { input: { title: 'By a service' } }, null, {
      service: 'crawler',
    })
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
  })
})

it('the SDL holds the whole contract', async () => {
  const contract = await readFile('schema/contract/movies.graphql', 'utf8')
  expect(contractGaps(printSdl(on.movies.schema), contract)).toEqual([])
})
