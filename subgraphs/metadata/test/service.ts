import type { EventBus } from '@movieverse/kit/bus/bus'
import { createPostgresBus } from '@movieverse/kit/bus/postgres'
import { silentLog } from '@movieverse/kit/log'
import type { EntityReader, Subgraph } from '@movieverse/kit/subgraph'
import { createTestDatabase } from '@movieverse/kit/testing/database'
import { executeOn, type TestRequest, type TestResult } from '@movieverse/kit/testing/execute'
import type { Viewer } from '@movieverse/kit/viewer'
import { expect } from 'vitest'
import { createMetadataSubgraph } from '../src/subgraph.ts'
import type { TestEngine } from './engines.ts'

export const admin: Viewer = { userId: 1, username: 'root', roles: ['user', 'admin'], sessionId: 'a' }
export const member: Viewer = { userId: 2, username: 'someone', roles: ['user'], sessionId: 'b' }

/** An answer's data, into which a test reaches field by field. */
export interface Json {
  readonly [field: string]: Json
}

/** The entries of a list in an answer. */
export function list(value: Json | undefined): readonly Json[] {
  expect(value).toBeInstanceOf(Array)
  return Object.values(value ?? {})
}

/** A string in an answer. */
export function text(value: Json | undefined): string {
  expect(value).toBeTypeOf('string')
  return String(value)
}

/** Code and field of each of a payload's errors. */
export function faults(payload: Json | undefined): readonly (readonly string[])[] {
  return list(payload?.errors).map(({ code, field }) => [text(code), ...list(field).map(text)])
}

/** The service on its own database and bus, and what the films' owner answers it. */
export interface TestService {
  readonly subgraph: Subgraph
  readonly engine: TestEngine
  readonly bus: EventBus
  /** Ids of the films that there are. */
  readonly films: Set<number>
  ask(query: string, variables?: Record<string, unknown>, viewer?: Viewer | null): Promise<TestResult<Json>>
  /** As an administrator. */
  save(mutation: string, input: Record<string, unknown>): Promise<TestResult<Json>>
  /** @returns the new person's id */
  addPerson(name: string): Promise<string>
  /** @returns the new genre's id */
  addGenre(name: string): Promise<string>
  request(request: TestRequest): Promise<TestResult<Json>>
  close(): Promise<void>
}

export async function openService(open: () => Promise<TestEngine>): Promise<TestService> {
  const engine = await open()
  const busDatabase = await createTestDatabase('kit')
  const bus = await createPostgresBus({ url: busDatabase.url, log: silentLog })
  const films = new Set<number>()
  // The films' owner is another service; this is all that it is asked.
  const entities: EntityReader = {
    read: async <T>(_subgraph: string, _typename: string, ids: readonly (number | string)[]) =>
      ids.map((id) => (films.has(Number(id)) ? ({ id: String(id) } as T) : null)),
  }
  const subgraph = createMetadataSubgraph({
    store: engine.store,
    entities,
    log: silentLog,
    ...engine.outbox(bus),
  })
  const ask = (query: string, variables: Record<string, unknown> = {}, viewer: Viewer | null = null) =>
    executeOn<Json>(subgraph, { query, variables, viewer })
  const save = (mutation: string, input: Record<string, unknown>) => ask(mutation, { input }, admin)
  return {
    subgraph,
    engine,
    bus,
    films,
    ask,
    save,
    addPerson: async (name) => text((await save(SAVE_PERSON, { name })).data.savePerson?.person?.id),
    addGenre: async (name) => text((await save(SAVE_GENRE, { name })).data.saveGenre?.genre?.id),
    request: (request) => executeOn<Json>(subgraph, request),
    async close() {
      for (const part of subgraph.background) await part.stop()
      await bus.close()
      await subgraph.close()
      await engine.close()
      await busDatabase.close()
    },
  }
}

export const SAVE_GENRE = /* GraphQL */ `
  mutation ($input: SaveGenreInput!) { saveGenre(input: $input) { genre { id name slug } errors { code message field } } }
`
export const SAVE_PERSON = /* GraphQL */ `
  mutation ($input: SavePersonInput!) {
    savePerson(input: $input) {
      person { id name biography birthday deathday photoUrl knownFor }
      errors { code message field }
    }
  }
`
export const SAVE_CREDITS = /* GraphQL */ `
  mutation ($input: SaveCreditsInput!) {
    saveCredits(input: $input) {
      movie {
        id
        cast(first: 100) { edges { character node { id name } } }
        directors { id name }
        keywords
      }
      errors { code message field }
    }
  }
`
export const SAVE_ANALYSIS = /* GraphQL */ `
  mutation ($input: SaveMovieAnalysisInput!) {
    saveMovieAnalysis(input: $input) {
      analysis { sentiment summary sources updatedAt predictedGenres { probability genre { id name } } }
      errors { code message field }
    }
  }
`
/** A film as the gateway asks for it. */
export const FILM = /* GraphQL */ `
  query ($ids: [_Any!]!, $first: Int, $after: String) {
    _entities(representations: $ids) {
      ... on Movie {
        id
        cast(first: $first, after: $after) {
          totalCount
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          edges { cursor character node { id name } }
        }
        directors { id name }
        keywords
        analysis { sentiment predictedGenres { probability genre { name } } }
      }
    }
  }
`
export const film = (id: number | string) => ({ __typename: 'Movie', id: String(id) })
