/** What a caller did wrong, as a mutation's payload tells it. */
export interface Fault {
  readonly code: 'INVALID_VALUE' | 'NOT_FOUND'
  readonly message: string
  /** Path of the input field at fault. */
  readonly field: readonly string[] | null
}

/** A change that was made, or why it was not: never both. */
export type Outcome<T> = { readonly value: T } | { readonly faults: readonly Fault[] }

export function fault(code: Fault['code'], message: string, ...field: string[]): Fault {
  return { code, message, field: field.length > 0 ? field : null }
}

export const refused = (...faults: Fault[]): { readonly faults: readonly Fault[] } => ({ faults })
