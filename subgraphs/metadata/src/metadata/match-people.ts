import { nameKey } from '../names.ts'
import type { ImportedPerson } from '../store.ts'

/** Someone whom the store has and who may be one of the rows: by TMDB id or by name. */
export interface KnownPerson {
  readonly id: number
  readonly nameKey: string
  readonly tmdbPersonId: number | null
}

/** What becomes of a bulk load's rows. */
export interface PeopleMatch {
  /** For each row an id of the store, or an index into `added`. */
  readonly rows: readonly ({ readonly id: number } | { readonly added: number })[]
  readonly added: readonly ImportedPerson[]
  /** People known by name alone who turn out to be TMDB's. */
  readonly identified: readonly { readonly id: number; readonly tmdbPersonId: number }[]
}

interface Candidate {
  readonly place: { readonly id: number } | { readonly added: number }
  tmdbPersonId: number | null
}

/**
 * Decides who is who. A row with a TMDB id is the person of that id, else someone of that name without one, who takes
 * it. A row without is the first person of that name. So an actor whom one source numbers and another only names is one
 * person, and the same rows again find the same people.
 * @param known everyone with one of the rows' TMDB ids or names, by id
 */
export function matchPeople(rows: readonly ImportedPerson[], known: readonly KnownPerson[]): PeopleMatch {
  const byTmdbId = new Map<number, Candidate>()
  const byName = new Map<string, Candidate[]>()
  const keep = (candidate: Candidate, key: string) => {
    if (candidate.tmdbPersonId !== null) byTmdbId.set(candidate.tmdbPersonId, candidate)
    const namesakes = byName.get(key)
    if (namesakes) namesakes.push(candidate)
    else byName.set(key, [candidate])
  }
  for (const { id, nameKey: key, tmdbPersonId } of known) keep({ place: { id }, tmdbPersonId }, key)

  const added: { tmdbPersonId?: number; name: string }[] = []
  const identified: { id: number; tmdbPersonId: number }[] = []
  const places = rows.map((row) => {
    const key = nameKey(row.name)
    const tmdbPersonId = row.tmdbPersonId ?? null
    const namesakes = byName.get(key) ?? []
    const found =
      tmdbPersonId === null
        ? namesakes[0]
        : (byTmdbId.get(tmdbPersonId) ?? namesakes.find((person) => person.tmdbPersonId === null))
    if (!found) {
      const place = { added: added.push({ ...row }) - 1 }
      keep({ place, tmdbPersonId }, key)
      return place
    }
    if (tmdbPersonId !== null && found.tmdbPersonId === null) {
      found.tmdbPersonId = tmdbPersonId
      byTmdbId.set(tmdbPersonId, found)
      if ('id' in found.place) identified.push({ id: found.place.id, tmdbPersonId })
      else Object.assign(added[found.place.added] ?? {}, { tmdbPersonId })
    }
    return found.place
  })
  return { rows: places, added, identified }
}
