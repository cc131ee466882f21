import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import type { TrustedDocuments } from '../documents/trusted.ts'
import { acceptsGzip } from '../http/negotiation.ts'
import { exampleTabs, type Manifest, pageOf, pagePolicy } from './page.ts'

/** Serves GraphiQL out of a folder that build.mjs filled. */
export interface GraphiQL {
  page(request: IncomingMessage, response: ServerResponse): void
  /** Whether a file stands behind this path. */
  has(path: string): boolean
  asset(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>
}

const prefix = '/graphiql/'

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.ttf': 'font/ttf',
}

const commonHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': pagePolicy,
}

function isManifest(value: unknown): value is Manifest {
  return (
    typeof value === 'object' && value !== null && 'script' in value && 'style' in value && 'workers' in value
  )
}

/**
 * @param directory what build.mjs wrote
 * @param examples documents that open as tabs
 * @throws when the folder is not there or incomplete
 */
export async function createGraphiQL(directory: string, examples: TrustedDocuments): Promise<GraphiQL> {
  const manifest: unknown = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'))
  if (!isManifest(manifest)) throw new Error(`${directory} holds no complete GraphiQL: build it again.`)
  // Only names that were there at the start are ever read: no path of a client's making reaches the file system.
  const files = new Set(await readdir(directory))
  const html = pageOf(manifest, exampleTabs(examples))
  return {
    page(_request, response) {
      response.writeHead(200, {
        ...commonHeaders,
        'content-type': 'text/html; charset=utf-8',
        'content-length': Buffer.byteLength(html),
        'cache-control': 'no-cache',
        vary: 'accept',
      })
      response.end(html)
    },
    has: (path) => files.has(path.slice(prefix.length)) && extname(path) in contentTypes,
    async asset(path, request, response) {
      const name = path.slice(prefix.length)
      const accepted = files.has(`${name}.gz`) && acceptsGzip(request.headers['accept-encoding'])
      const body = await readFile(join(directory, accepted ? `${name}.gz` : name))
      response.writeHead(200, {
        ...commonHeaders,
        'content-type': contentTypes[extname(name)] ?? 'application/octet-stream',
        'content-length': body.length,
        // Names carry the hash of their content.
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
        ...(accepted ? { 'content-encoding': 'gzip' } : {}),
      })
      response.end(body)
    },
  }
}
