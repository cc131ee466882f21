import { type IdentitySigner, identityHeader } from '@movieverse/kit/identity'
import type { Viewer } from '@movieverse/kit/viewer'
import { LRUCache } from 'lru-cache'
import type { RequestContext } from '../operation.ts'

type Headers = Readonly<Record<string, string>>

/** Milliseconds that a signed identity is used for; it is valid for twice as long. */
const reuseMs = 30_000

function sessionOf(viewer: Viewer | null): string {
  return viewer === null ? '' : `${viewer.sessionId} ${viewer.userId} ${viewer.roles.join(',')}`
}

/**
 * The header by which a subgraph knows that the gateway asks, and for whom: an identity signed for that subgraph alone,
 * used again for 30 s by requests of the same session. Answers without a promise when one is at hand.
 */
export function createIdentityHeaders(signer: IdentitySigner) {
  const signed = new LRUCache<string, Headers>({ max: 50_000, ttl: reuseMs })
  const signing = new Map<string, Promise<Headers>>()

  async function sign(key: string, service: string, viewer: Viewer | null): Promise<Headers> {
    try {
      const headers = { [identityHeader]: await signer.sign(service, { viewer, service: undefined }) }
      signed.set(key, headers)
      return headers
    } finally {
      signing.delete(key)
    }
  }

  return (service: string, { viewer }: RequestContext): Headers | Promise<Headers> => {
    const key = `${service} ${sessionOf(viewer)}`
    const known = signed.get(key) ?? signing.get(key)
    if (known !== undefined) return known
    const headers = sign(key, service, viewer)
    signing.set(key, headers)
    return headers
  }
}
