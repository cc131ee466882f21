import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Viewer } from '@movieverse/kit/viewer'
import type { RequestContext } from '../operation.ts'
import type { Deadline } from './deadlines.ts'

/** What the gateway knows of an HTTP request before it has read it. */
export interface ClientRequest {
  readonly id: string
  readonly address: string | undefined
  readonly traceparent: string | undefined
}

const idPattern = /^[\w.:-]{8,128}$/
/** https://www.w3.org/TR/trace-context/#traceparent-header, version 00 */
const traceparentPattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** @returns the caller's request id if it is fit for logs and headers, else a new one */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && idPattern.test(given) ? given : randomUUID()
}

export function traceparentOf({ headers }: IncomingMessage): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' && traceparentPattern.test(traceparent) ? traceparent : undefined
}

/** Characters of a user agent that are worth keeping. */
const longestUserAgent = 300

/** The context in which a request's operations run. */
export function contextOf(
  request: IncomingMessage,
  { id, address, traceparent }: ClientRequest,
  { viewer, deadline }: { readonly viewer: Viewer | null; readonly deadline: Deadline },
): RequestContext {
  const headers: Record<string, string> = { 'x-request-id': id }
  if (address !== undefined) headers['x-forwarded-for'] = address
  if (traceparent !== undefined) headers.traceparent = traceparent
  const userAgent = request.headers['user-agent']?.slice(0, longestUserAgent)
  if (userAgent) headers['user-agent'] = userAgent
  return {
    requestId: id,
    viewer,
    clientAddress: address,
    userAgent,
    cancellation: deadline,
    headers,
  }
}
