import { fold } from './search-text.ts'
import type { MovieFacts, MovieKeys, OwnRatings } from './store.ts'

/** The mean that a film without ratings is taken to have: MovieLens' own, in stars. */
export const priorMean = 3.5
/** How many ratings that assumption weighs: with as many of its own a film is half-way to its own average. */
export const priorWeight = 10
/** TMDB votes that weigh as much as one rating given here. */
export const votesPerRating = 10

/**
 * A film's Bayesian average in stars, (C·m + Σ) / (C + n) with m = `priorMean` and C = `priorWeight`: a single rating of
 * five stars does not lead the list, and films without ratings stand at the mean.
 */
export function ratingScore({ average, count }: OwnRatings): number {
  return (priorWeight * priorMean + (average ?? 0) * count) / (priorWeight + count)
}

/**
 * ln(1 + TMDB votes ÷ 10 + ratings given here): 0 for a film nobody knows, 7.5 or so for the best known. The logarithm
 * keeps the numbers readable and changes no order.
 */
export function popularity(voteCount: number | null, { count }: OwnRatings): number {
  return Math.log1p((voteCount ?? 0) / votesPerRating + count)
}

/** Longest key of a title's order, in characters: folding may lengthen a text. */
const longestTitleKey = 600

/** Everything that pages are ordered by, of a film's facts and its ratings. */
export function movieKeys(facts: MovieFacts, ratings: OwnRatings): MovieKeys {
  const date = dateKey(facts)
  return {
    popularity: popularity(facts.voteCount, ratings),
    ratingScore: ratingScore(ratings),
    newestKey: date ?? 0,
    oldestKey: date ?? 99_999_999,
    titleKey: titleKey(facts.title),
  }
}

/** What titles are ordered by. A title of signs alone keeps them. */
export function titleKey(title: string): string {
  return (fold(title) || title.normalize('NFKC').toLowerCase()).slice(0, longestTitleKey)
}

/** yyyymmdd; of a film whose year alone is known, the day before the year's first. */
function dateKey({ releaseDate, year }: MovieFacts): number | null {
  if (releaseDate !== null) return Number(releaseDate.replaceAll('-', ''))
  return year === null ? null : year * 10_000
}
