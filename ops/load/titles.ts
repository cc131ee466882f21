import { englishTitles, titleParts } from './title-exceptions.ts'

/** A film's titles as people write them, taken out of MovieLens' one column. */
export interface FilmTitles {
  /** Natural order: `The City of Lost Children`. */
  readonly title: string
  /** The foreign title that stood in brackets: `La Cité des enfants perdus`. */
  readonly originalTitle: string | undefined
  /** Other titles that stood in brackets, without duplicates of the two above. */
  readonly alternativeTitles: readonly string[]
  /** The first year of `(2006–2007)`; undefined where the column has none. */
  readonly year: number | undefined
}

/** Articles as MovieLens moves them behind a comma. `Die`, `I` and their like count only there, and only in this case. */
const article =
  "The|An?|L'|La|Les?|Il|Lo|Gli|I|Uno|Una|Une?|El|Los|Las|Der|Die|Das|Den|Det|De|Ein|Eine|En|Et|Os?|As|Uma?|Da"
const trailingArticle = new RegExp(`^(?<rest>.+), (?<article>${article})(?<tail>$|: .+| \\(.+)$`, 'u')
const englishArticle = /, (The|An?)$/u
const trailingYear = /\s*\((?<year>\d{4})(?:[–-]\d{0,4})?\)\s*$/u
const alsoKnownAs = /^a\.?k\.?a\.?\s+/iu
/** Words that no other language's titles in the set use. */
const englishWord = /(^|[^\p{L}])(the|of|and|with|from|my|your|who|what|his)(?=$|[^\p{L}])/iu
const accentedLetter = /[\u00c0-\u00d6\u00d8-\u024f]/u

/**
 * Reads a title as MovieLens writes it: `City of Lost Children, The (Cité des enfants perdus, La) (1995)`.
 * Every title in brackets becomes the original title (the first foreign one) or an alternative title.
 */
export function readTitles(column: string): FilmTitles {
  const text = column.replace(/\s+/gu, ' ').trim()
  const dated = trailingYear.exec(text)
  const { main, groups } = splitGroups(dated ? text.slice(0, dated.index) : text)
  const title = naturalTitle(main)
  let originalTitle: string | undefined
  const alternatives: string[] = []
  for (const group of groups) {
    const others = alsoKnownAs.test(group) ? knownAs(group) : undefined
    if (others) alternatives.push(...others)
    else if (originalTitle === undefined && !isEnglish(group, title)) originalTitle = naturalTitle(group)
    else alternatives.push(naturalTitle(group))
  }
  const seen = new Set([fold(title)])
  if (originalTitle !== undefined && seen.has(fold(originalTitle))) originalTitle = undefined
  if (originalTitle !== undefined) seen.add(fold(originalTitle))
  return {
    title,
    originalTitle,
    alternativeTitles: alternatives.filter((other) => !seen.has(fold(other)) && seen.add(fold(other))),
    year: dated?.groups?.year === undefined ? undefined : Number(dated.groups.year),
  }
}

/** `Godfather, The` → `The Godfather`; `Crow, The: Wicked Prayer` → `The Crow: Wicked Prayer`. */
export function naturalTitle(title: string): string {
  const parts = trailingArticle.exec(title)?.groups
  const rest = parts?.rest
  const moved = parts?.article
  const joined =
    rest === undefined || moved === undefined
      ? title
      : `${moved}${moved.endsWith("'") ? '' : ' '}${rest}${parts?.tail ?? ''}`
  return joined.replace(/(^| )L' (?=\p{L})/gu, "$1L'")
}

/** Takes `(…)` groups off the end, but for those that belong to the title. */
function splitGroups(text: string): { main: string; groups: string[] } {
  const groups: string[] = []
  let main = text.trim()
  for (;;) {
    const group = / \((?<inside>[^()]*)\)$/u.exec(main)
    const inside = group?.groups?.inside?.trim()
    if (!group || !inside || titleParts.test(inside)) return { main, groups }
    groups.unshift(inside)
    main = main.slice(0, group.index).trim()
  }
}

/** `a.k.a. All I Wanna Do, The Hairy Bird` names two titles, `a.k.a. Ignorant Fairies, The` one. */
function knownAs(group: string): string[] {
  const named = group.replace(alsoKnownAs, '')
  const two = /^(?<first>.+), (?<second>The .+)$/u.exec(named)?.groups
  return [two?.first ?? named, ...(two?.second ? [two.second] : [])].map(naturalTitle)
}

function isEnglish(group: string, title: string): boolean {
  if (englishTitles.has(group)) return true
  if (englishArticle.test(group)) return true
  if (accentedLetter.test(group)) return false
  const words = new Set(fold(title).split(' '))
  return (
    englishWord.test(group) ||
    fold(group)
      .split(' ')
      .every((word) => words.has(word))
  )
}

function fold(title: string): string {
  return title
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}
