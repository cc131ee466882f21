import { foldText } from '@movieverse/kit/text'

/** Letters that Unicode does not take apart into a plain one and a mark. */
const plain: Readonly<Record<string, string>> = {
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
}

/** A name without case, accents and repeated spaces: two spellings of one name give one key. */
export function nameKey(name: string): string {
  return foldText(name)
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[æœøđðłþıħ]/gu, (letter) => plain[letter] ?? letter)
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim()
}

/** The words of what someone types into a search: `Ó'Br` → `o`, `br`. */
export function queryWords(text: string): string[] {
  return nameKey(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** The words under which a name is found; `O'Brien` is found as `o`, `brien` and `obrien`. */
export function nameWords(name: string): string[] {
  const parts = nameKey(name).split(' ')
  const joined = parts.map((part) => part.replace(/[^\p{L}\p{N}]+/gu, ''))
  return [...new Set([...parts.flatMap(queryWords), ...joined])].filter((word) => word !== '')
}

/** `Science Fiction` → `science-fiction`; empty when the name has no letter or digit. */
export function slugOf(name: string): string {
  return queryWords(name.replace(/['’]/gu, '')).join('-')
}
