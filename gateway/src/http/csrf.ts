import type { IncomingMessage } from 'node:http'
import { RequestFault } from './faults.ts'

/** A page of another site cannot set these without asking first (a CORS preflight, which is refused by default). */
const preflightHeaders = [
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'x-requested-with',
  'x-csrf-token',
  'x-request-id',
  'authorization',
]

/** Content types that HTML forms and plain scripts can send across sites (Fetch standard, CORS-safelisted). */
const simpleTypes = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])

function mediaType(header: string): string {
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/** Signs of a browser that a page's script cannot take away: fetch metadata, origin, cookies, the browser's name. */
function comesFromOtherSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  const { origin, host } = headers
  if (origin !== undefined) return origin !== `http://${host}` && origin !== `https://${host}`
  return headers.cookie !== undefined || (headers['user-agent'] ?? '').startsWith('Mozilla/')
}

/**
 * Refuses requests that another site's page could make a browser send without a preflight: those without a content type
 * or with a form's, and without one of the headers above. Bodies must be JSON anyway; a GET by something that is
 * visibly not a browser passes (GraphQL over HTTP lets plain clients ask by GET).
 * @throws RequestFault CSRF_REFUSED (HTTP 400)
 */
export function refuseForgery(request: IncomingMessage): void {
  const { headers } = request
  const type = headers['content-type']
  if (type === 'application/json') return
  if (type !== undefined && !simpleTypes.has(mediaType(type))) return
  if (preflightHeaders.some((name) => headers[name] !== undefined)) return
  if (request.method === 'GET' && type === undefined && !comesFromOtherSite(request)) return
  throw new RequestFault(
    'CSRF_REFUSED',
    'This request could have been sent by another site. Send "content-type: application/json" or a non-empty "apollo-require-preflight" header.',
  )
}
