import { codePoints, hasControls } from '@movieverse/kit/text'

/** Why nothing was changed, in the words of the payload's error. */
export interface Fault {
  readonly code: 'INVALID_VALUE' | 'NOT_FOUND' | 'ALREADY_EXISTS'
  readonly message: string
  /** Path of the input's field at fault. */
  readonly field: readonly string[]
}

/** A change that was made, or why it was not: never both. */
export type Outcome<T> = { readonly value: T } | { readonly faults: readonly Fault[] }

export function fault(code: Fault['code'], message: string, ...field: (string | number)[]): Fault {
  return { code, message, field: field.map(String) }
}

export function refused(...faults: readonly Fault[]): { readonly faults: readonly Fault[] } {
  return { faults }
}

/** A text's fault, if any: its length in code points and its control characters. */
export function textFault(
  text: string | null | undefined,
  {
    field,
    most,
    least = 0,
    lines = false,
  }: { field: readonly (string | number)[]; most: number; least?: number; lines?: boolean },
): Fault[] {
  if (text === null || text === undefined) return []
  const length = codePoints(text)
  if (length < least || length > most)
    return [fault('INVALID_VALUE', `This takes ${least} to ${most} characters.`, ...field)]
  return hasControls(text, { lines })
    ? [fault('INVALID_VALUE', 'This has characters that no text needs.', ...field)]
    : []
}
