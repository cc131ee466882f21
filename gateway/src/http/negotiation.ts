import { LRUCache } from 'lru-cache'

/** Media types of GraphQL answers (GraphQL over HTTP §4). */
export type MediaType = 'application/graphql-response+json' | 'application/json'
export type Encoding = 'br' | 'gzip'

interface Preference {
  readonly name: string
  readonly quality: number
}

/** Reads `a;q=0.5, b` (RFC 9110 §12.4.2); a malformed weight counts as 1, as clients mean it. */
function preferences(header: string): Preference[] {
  return header.split(',').flatMap((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    if (name === '') return []
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.slice(2))
    return [{ name, quality: Number.isFinite(quality) ? Math.min(1, Math.max(0, quality)) : 1 }]
  })
}

function mediaTypeOf(header: string): MediaType | null {
  let best: { type: MediaType; quality: number } | null = null
  for (const { name, quality } of preferences(header)) {
    const type =
      name === 'application/graphql-response+json'
        ? name
        : name === 'application/json' || name === 'application/*' || name === '*/*'
          ? 'application/json'
          : null
    if (type !== null && quality > (best?.quality ?? 0)) best = { type, quality }
  }
  return best?.type ?? null
}

function encodingOf(header: string): Encoding | null {
  const wanted = preferences(header)
  const any = wanted.find(({ name }) => name === '*')?.quality ?? 0
  const quality = (...names: string[]) => wanted.find(({ name }) => names.includes(name))?.quality ?? any
  const [brotli, gzip] = [quality('br'), quality('gzip', 'x-gzip')]
  const identity = wanted.find(({ name }) => name === 'identity')?.quality ?? 0
  const best = Math.max(brotli, gzip)
  if (best === 0 || best < identity) return null
  return brotli >= gzip ? 'br' : 'gzip'
}

/** Headers repeat from request to request: what they mean is remembered. */
function remembered<T extends string>(read: (header: string) => T | null): (header: string) => T | null {
  const known = new LRUCache<string, { value: T | null }>({ max: 256 })
  return (header) => {
    const found = known.get(header)
    if (found !== undefined) return found.value
    const value = read(header)
    if (header.length <= 512) known.set(header, { value })
    return value
  }
}

const rememberedMediaType = remembered(mediaTypeOf)
const rememberedEncoding = remembered(encodingOf)

/**
 * The media type to answer in. Without `Accept`, and for wildcards, it is `application/json`, as clients from before
 * GraphQL over HTTP expect.
 * @returns null when the client accepts neither
 */
export function acceptedMediaType(accept: string | undefined): MediaType | null {
  return accept === undefined || accept === '*/*' ? 'application/json' : rememberedMediaType(accept)
}

/** @returns the content coding the client prefers; brotli when it has no preference; null for identity */
export function acceptedEncoding(acceptEncoding: string | undefined): Encoding | null {
  return acceptEncoding === undefined || acceptEncoding === '' ? null : rememberedEncoding(acceptEncoding)
}

/** Whether gzip may be used, whatever else the client would take. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const wanted = preferences(acceptEncoding ?? '')
  const named =
    wanted.find(({ name }) => name === 'gzip' || name === 'x-gzip') ?? wanted.find(({ name }) => name === '*')
  return (named?.quality ?? 0) > 0
}

/** Whether a browser asks for a page: `text/html` is named and preferred to JSON. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes('text/html')) return false
  const wanted = preferences(accept)
  const quality = (name: string) => wanted.find((preference) => preference.name === name)?.quality ?? 0
  return (
    quality('text/html') > Math.max(quality('application/json'), quality('application/graphql-response+json'))
  )
}
