import type { CreditPosition, CreditsQuery, NewCredits, PersonCredit } from './store.ts'

/** A film with one credit of the person at least, newest id first. */
export interface FilmOfPerson extends Pick<NewCredits, 'movieId' | 'cast' | 'directorIds'> {
  readonly movieKnown: boolean
}

/** Everyone in a film, once for each credit: what people are found and their credits counted by. */
export function peopleOf({ cast, directorIds }: Pick<NewCredits, 'cast' | 'directorIds'>): number[] {
  return [...cast.map(({ personId }) => personId), ...directorIds]
}

/**
 * A page of a person's credits, taken from films that start at the position's: the page may start in the middle of one, so
 * a full page needs one film more than it has credits at most.
 */
export function creditsPage(
  personId: number,
  films: readonly FilmOfPerson[],
  { after, limit }: Pick<CreditsQuery, 'after' | 'limit'>,
): PersonCredit[] {
  const credits = films.flatMap((film) => creditsWithin(film, personId))
  return credits.filter((credit) => !after || comesAfter(credit, after)).slice(0, limit)
}

function creditsWithin({ movieId, cast, directorIds, movieKnown }: FilmOfPerson, personId: number) {
  const film = { movieId, movieKnown }
  const parts = cast
    .filter((member) => member.personId === personId)
    .map(({ character, order }): PersonCredit => ({ ...film, job: 'ACTOR', order, character }))
  return directorIds.includes(personId)
    ? [...parts, { ...film, job: 'DIRECTOR' as const, order: 0, character: null }]
    : parts
}

/** Whether a credit stands behind a position: films by falling id, parts in order of billing, then directing. */
function comesAfter(credit: PersonCredit, after: CreditPosition): boolean {
  if (credit.movieId !== after.movieId) return credit.movieId < after.movieId
  if (credit.job !== after.job) return credit.job === 'DIRECTOR'
  return credit.order > after.order
}
