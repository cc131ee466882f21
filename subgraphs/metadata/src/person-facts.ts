import type { PersonFacts } from './store.ts'

/** Someone of whom nothing is known, not even the name. */
export const unknownPerson: PersonFacts = {
  name: '',
  biography: null,
  birthday: null,
  deathday: null,
  photoUrl: null,
  knownFor: null,
  tmdbPersonId: null,
}
