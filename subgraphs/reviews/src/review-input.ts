import { codePoints, hasControls } from '@movieverse/kit/text'

/** The longest text of a review, in code points. */
export const longestText = 2000

/** What is wrong with a value, said to the one who sent it. */
export interface InputFault {
  readonly field: 'rating' | 'text'
  readonly message: string
}

export function ratingFault(rating: number | null): InputFault | null {
  const fits = rating !== null && rating >= 0.5 && rating <= 5 && Number.isInteger(rating * 2)
  return fits ? null : { field: 'rating', message: 'A rating is 0.5 to 5 in half stars.' }
}

/** Trimmed, composed (NFC) and with line feeds alone between lines; null when nothing is left. */
export function cleanText(text: string | null | undefined): string | null {
  const clean = (text ?? '').replace(/\r\n?/g, '\n').normalize('NFC').trim()
  return clean === '' ? null : clean
}

/** @param text as `cleanText` left it */
export function textFault(text: string | null): InputFault | null {
  if (text === null) return null
  if (codePoints(text) > longestText) {
    return { field: 'text', message: `A text has at most ${longestText.toLocaleString('en')} characters.` }
  }
  if (hasControls(text, { lines: true })) {
    return { field: 'text', message: 'A text has no control characters.' }
  }
  return null
}
