import type { IncomingMessage } from 'node:http'

export interface CorsSettings {
  /** Origins whose pages may call, to the letter (`https://app.example`), or `['*']`. */
  readonly origins: readonly string[]
}

/** Decides the CORS headers of an answer (Fetch standard §3.2). Credentials are never allowed: tokens go in a header. */
export interface Cors {
  /** Name and value pairs for an ordinary answer. */
  headersFor(request: IncomingMessage): readonly string[]
  /** Name and value pairs for the answer to a preflight. */
  preflight(request: IncomingMessage): readonly string[]
}

const allowedHeaders =
  'content-type, authorization, apollo-require-preflight, x-apollo-operation-name, x-request-id, traceparent, tracestate'

const none: readonly string[] = []

/** @param settings null: no origin but the gateway's own */
export function createCors(settings: CorsSettings | null): Cors {
  const origins = new Set(settings?.origins ?? [])
  if (origins.size === 0) return { headersFor: () => none, preflight: () => none }
  const any = origins.has('*')
  const vary = any ? [] : ['vary', 'Origin']
  const headersFor = (request: IncomingMessage): string[] => {
    const { origin } = request.headers
    if (origin === undefined || !(any || origins.has(origin))) return vary
    const allowed = any ? '*' : origin
    return [
      ...vary,
      'access-control-allow-origin',
      allowed,
      'access-control-expose-headers',
      'x-request-id, retry-after',
    ]
  }
  return {
    headersFor,
    preflight(request) {
      const headers = headersFor(request)
      if (!headers.includes('access-control-allow-origin')) return headers
      const allowances = [
        'access-control-allow-methods',
        'GET, POST',
        'access-control-allow-headers',
        allowedHeaders,
      ]
      return [...headers, ...allowances, 'access-control-max-age', '600']
    },
  }
}
