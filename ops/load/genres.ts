/** MovieLens' genres under the names that TMDB gives them; null for what is no genre. */
const renamed: Readonly<Record<string, string | null>> = {
  Children: 'Family',
  "Children's": 'Family',
  'Film-Noir': 'Crime',
  IMAX: null,
  Musical: 'Music',
  'Sci-Fi': 'Science Fiction',
  'Tv Movie': 'TV Movie',
  unknown: null,
  '(no genres listed)': null,
}

/** One spelling for each genre, whichever source names it; in the order given, each once. */
export function genreNames(names: readonly string[]): string[] {
  const known = names.map((name) => name.trim()).map((name) => (name in renamed ? renamed[name] : name))
  return [...new Set(known.flatMap((name) => name || []))]
}
