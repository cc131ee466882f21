import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { CreditsImport, Importers } from './importers.ts'
import type { FilmRecord, PersonRecord } from './records.ts'

/** Writes films with their genres, people and credits. */
export interface FilmWriter {
  /** @returns the platform's ids, in the order of the films */
  write(films: readonly FilmRecord[]): Promise<readonly number[]>
}

/** @param settings.sharedIds new films take their source's ids */
export function createFilmWriter(
  importers: Importers,
  { origin, sharedIds }: { readonly origin: EventOrigin; readonly sharedIds: boolean },
): FilmWriter {
  const genreIds = new Map<string, number>()

  async function learnGenres(films: readonly FilmRecord[]): Promise<void> {
    const names = [...new Set(films.flatMap(({ genres }) => genres))].filter((name) => !genreIds.has(name))
    if (names.length === 0) return
    const ids = await importers.importGenres(names, origin)
    for (const [index, name] of names.entries()) genreIds.set(name, ids[index] ?? 0)
  }

  function importFilms(films: readonly FilmRecord[]): Promise<readonly number[]> {
    const rows = films.map(({ sourceId, genres, keywords: _k, cast: _c, directors: _d, ...facts }) => ({
      ...facts,
      id: sharedIds ? sourceId : undefined,
      genreIds: genres.map((name) => genreIds.get(name) ?? 0),
    }))
    return importers.importMovies(rows, origin)
  }

  return {
    async write(films) {
      await learnGenres(films)
      const [ids, people] = await Promise.all([importFilms(films), importPeople(importers, films, origin)])
      const credits = films.flatMap((film, index): CreditsImport[] => {
        const movieId = ids[index]
        return movieId === undefined || !hasCredits(film) ? [] : [creditsOf(movieId, film, people)]
      })
      await Promise.all([
        importers.knowMovies([...new Set(ids)]),
        credits.length > 0 ? importers.importCredits(credits, origin) : undefined,
      ])
      return ids
    },
  }
}

/** A source that knows nothing of a film's makers must not take away what another one knew. */
function hasCredits({ cast, directors, keywords }: FilmRecord): boolean {
  return cast.length + directors.length + keywords.length > 0
}

const personKey = ({ tmdbPersonId, name }: PersonRecord) => `${tmdbPersonId ?? ''} ${name}`
/** People a call. */
const batchSize = 1000

async function importPeople(
  importers: Importers,
  films: readonly FilmRecord[],
  origin: EventOrigin,
): Promise<ReadonlyMap<string, number>> {
  const people = new Map<string, PersonRecord>()
  for (const { tmdbPersonId, name } of films.flatMap(({ cast, directors }) => [...cast, ...directors]))
    people.set(personKey({ tmdbPersonId, name }), { tmdbPersonId, name })
  const rows = [...people.values()]
  const ids = new Map<string, number>()
  for (let start = 0; start < rows.length; start += batchSize) {
    const batch = rows.slice(start, start + batchSize)
    const found = await importers.importPeople(batch, origin)
    for (const [index, person] of batch.entries()) ids.set(personKey(person), found[index] ?? 0)
  }
  return ids
}

function creditsOf(movieId: number, film: FilmRecord, people: ReadonlyMap<string, number>): CreditsImport {
  const idOf = (person: PersonRecord) => people.get(personKey(person)) ?? 0
  return {
    movieId,
    cast: film.cast.map((actor, order) => ({ personId: idOf(actor), character: actor.character, order })),
    directorIds: film.directors.map(idOf),
    keywords: film.keywords,
  }
}
