/** What two texts share when they differ in case, width or composition only: the key of a name that must be unique. */
export function foldText(text: string): string {
  // Upper case first: it takes ß and ss, ſ and s, ς and σ to one form, which lower case alone leaves apart.
  return text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}

/** Length in Unicode code points: what limits on text count. */
export function codePoints(text: string): number {
  let length = 0
  for (const _ of text) length += 1
  return length
}

const controls = /[\p{Cc}\p{Cs}\u2028\u2029]/u
const controlsButLineBreaks = /[^\P{Cc}\n\t]|[\p{Cs}]/u

/**
 * Whether the text has control characters or lone surrogates, which no name and no prose needs and PostgreSQL refuses
 * in part. `lines` allows line feeds and tabs.
 */
export function hasControls(text: string, { lines = false } = {}): boolean {
  return (lines ? controlsButLineBreaks : controls).test(text)
}
