/** Letters that Unicode does not take apart, as people type them. */
const ligatures: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}
const ligature = new RegExp(`[${Object.keys(ligatures).join('')}]`, 'gu')

/**
 * What remains of a text when case, accents, width, apostrophes and punctuation do not count: words of letters and
 * digits with one space between. `Amélie’s WALL·E` becomes `amelies wall e`.
 */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}|['’‘ʼ`´]/gu, '')
    .replace(ligature, (letter) => ligatures[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** All of a film's titles folded, each word with a space before it, so that ` god` finds the beginnings of words. */
export function searchText(titles: readonly (string | null)[]): string {
  const folded = new Set(titles.map((title) => fold(title ?? '')).filter((text) => text !== ''))
  return ` ${[...folded].join(' | ')}`
}

/** In scripts that put no spaces between words, one character may be a word anywhere. */
const shortWord = /^[a-z\d]{1,2}$/
/** Words of a search that count; more are left out. */
const mostWords = 10

/**
 * Patterns (SQL LIKE) that a film's search text has to match all. A word of three letters or more is found anywhere in
 * a word, a shorter one at the beginning of one. Folding leaves no character that LIKE takes for a wildcard. A search
 * without a word finds nothing.
 */
export function searchPatterns(text: string): readonly string[] {
  const words = fold(text)
    .split(' ')
    .filter((word) => word !== '')
  if (words.length === 0) return ['']
  return words.slice(0, mostWords).map((word) => (shortWord.test(word) ? `% ${word}%` : `%${word}%`))
}
