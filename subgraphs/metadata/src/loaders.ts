import type { SubgraphContext } from '@movieverse/kit/context'
import DataLoader from 'dataloader'
import type {
  Analysis,
  CreditPosition,
  FilmCredits,
  Genre,
  MetadataStore,
  Person,
  PersonCredit,
} from './store.ts'

/** Reads of one request, joined: a statement for all genres, people, films or lists asked for in the same tick. */
export interface Loaders {
  genre(id: number): Promise<Genre | null>
  genreBySlug(slug: string): Promise<Genre | null>
  person(id: number): Promise<Person | null>
  people(ids: readonly number[]): Promise<readonly (Person | null)[]>
  credits(movieId: number): Promise<FilmCredits | null>
  analysis(movieId: number): Promise<Analysis | null>
  /** Lists of several people with the same page are one statement. */
  creditsOfPerson(
    personId: number,
    page: { readonly after: CreditPosition | undefined; readonly limit: number },
  ): Promise<readonly PersonCredit[]>
  countCreditsOfPerson(personId: number): Promise<number>
}

const key = Symbol('metadata loaders')

/** The request's own loaders; what one field has read, another need not. */
export function loadersOf(context: SubgraphContext, store: MetadataStore): Loaders {
  return context.once(key, () => createLoaders(store))
}

/** Ids of one statement at most. */
const maxBatchSize = 1000

function createLoaders(store: MetadataStore): Loaders {
  const genres = loader((ids: readonly number[]) => store.genresByIds(ids), byId)
  const slugs = loader(
    (wanted: readonly string[]) => store.genresBySlugs(wanted),
    ({ slug }) => slug,
  )
  const people = loader((ids: readonly number[]) => store.peopleByIds(ids), byId)
  const credits = loader((ids: readonly number[]) => store.credits(ids), byMovie)
  const analyses = loader((ids: readonly number[]) => store.analyses(ids), byMovie)
  const counts = new DataLoader<number, number>(
    async (ids) => {
      const found = await store.countCreditsOfPeople(ids)
      return ids.map((id) => found.get(id) ?? 0)
    },
    { maxBatchSize },
  )
  const pages = new Map<string, DataLoader<number, readonly PersonCredit[]>>()
  return {
    genre: (id) => genres.load(id),
    genreBySlug: (slug) => slugs.load(slug),
    person: (id) => people.load(id),
    people: (ids) => Promise.all(ids.map((id) => people.load(id))),
    credits: (movieId) => credits.load(movieId),
    analysis: (movieId) => analyses.load(movieId),
    countCreditsOfPerson: (personId) => counts.load(personId),
    creditsOfPerson(personId, { after, limit }) {
      const name = JSON.stringify([limit, after])
      const known = pages.get(name)
      if (known) return known.load(personId)
      const page = new DataLoader<number, readonly PersonCredit[]>(
        async (personIds) => {
          const lists = await store.creditsOfPeople({ personIds, after, limit })
          return personIds.map((id) => lists.get(id) ?? [])
        },
        { maxBatchSize },
      )
      pages.set(name, page)
      return page.load(personId)
    },
  }
}

const byId = ({ id }: { readonly id: number }) => id
const byMovie = ({ movieId }: { readonly movieId: number }) => movieId

function loader<Key, Row>(read: (keys: readonly Key[]) => Promise<readonly Row[]>, keyOf: (row: Row) => Key) {
  return new DataLoader<Key, Row | null>(
    async (keys) => {
      const rows = new Map((await read(keys)).map((row) => [keyOf(row), row]))
      return keys.map((wanted) => rows.get(wanted) ?? null)
    },
    { maxBatchSize },
  )
}
