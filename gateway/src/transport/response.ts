import type { SubgraphError, SubgraphResponse } from './transport.ts'

/** @returns undefined for what is not a GraphQL response map (GraphQL specification §7.1) */
export function readResponse(value: unknown): SubgraphResponse | undefined {
  if (!isObject(value)) return undefined
  const { data, errors } = value
  if (errors === undefined || errors === null) return isObject(data) ? { data } : undefined
  if (!Array.isArray(errors) || errors.length === 0) return isObject(data) ? { data } : undefined
  return { data: isObject(data) ? data : null, errors: errors.map(readError) }
}

function readError(value: unknown): SubgraphError {
  if (!isObject(value)) return { message: 'The service reported an error.' }
  const { message, path, extensions } = value
  return {
    message: typeof message === 'string' ? message : 'The service reported an error.',
    path: Array.isArray(path) ? path.filter(isSegment) : undefined,
    extensions: isObject(extensions) ? extensions : undefined,
  }
}

function isSegment(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
