import type { FilmRecord, PersonRecord } from '../load/records.ts'

/**
 * Gives people who are named without a TMDB id the id of the one person of that name who has one, so that an actor is
 * one person across the sources of the credits. A name that several ids share stays without.
 */
export function identifyPeople(films: readonly FilmRecord[]): FilmRecord[] {
  const ids = new Map<string, Set<number>>()
  for (const person of films.flatMap((film) => [...film.cast, ...film.directors])) {
    if (person.tmdbPersonId === undefined) continue
    const key = person.name.toLowerCase()
    ids.set(key, (ids.get(key) ?? new Set()).add(person.tmdbPersonId))
  }
  const identify = <P extends PersonRecord>(person: P): P => {
    const [id, ...others] = ids.get(person.name.toLowerCase()) ?? []
    return person.tmdbPersonId === undefined && id !== undefined && others.length === 0
      ? { ...person, tmdbPersonId: id }
      : person
  }
  return films.map((film) => ({
    ...film,
    cast: unrepeated(film.cast.map(identify)),
    directors: unrepeated(film.directors.map(identify)),
  }))
}

/** Drops a line that says the same as one before it; someone in two parts keeps both. */
function unrepeated<T>(lines: readonly T[]): T[] {
  const seen = new Set<string>()
  return lines.filter((line) => {
    const key = JSON.stringify(line)
    return !seen.has(key) && seen.add(key)
  })
}
