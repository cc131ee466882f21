import { hash } from 'node:crypto'
import { reasonOf } from '@movieverse/kit/errors'
import type { KeyValue } from '@movieverse/kit/kv/kv'
import type { Log } from '@movieverse/kit/log'
import { LRUCache } from 'lru-cache'
import { RequestFault } from '../http/faults.ts'
import type { Parameters } from '../http/parameters.ts'
import type { TrustedDocuments } from './trusted.ts'

export interface PersistedSettings {
  readonly trusted: TrustedDocuments
  /** Where documents that clients registered by hash are shared between gateways; null keeps them in this process. */
  readonly store: KeyValue | null
  /** Only trusted documents are run. */
  readonly trustedOnly: boolean
  /** Bytes of registered documents kept in the process. Default 16 MB. */
  readonly cacheBytes?: number
  readonly log: Log
}

/** Finds the text of the document that a request means. */
export interface PersistedDocuments {
  /**
   * @throws RequestFault PERSISTED_QUERY_NOT_FOUND, PERSISTED_QUERY_MISMATCH, UNTRUSTED_DOCUMENT, BAD_REQUEST
   */
  textOf(parameters: Parameters): string | Promise<string>
}

const registeredForMs = 24 * 3_600_000

/** The protocol of Apollo's automatic persisted queries, which most clients speak: the message is part of it. */
const notFound = () =>
  new RequestFault('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', { status: 200 })

function hashIn(extensions: Parameters['extensions']): string | undefined {
  const persisted = extensions?.persistedQuery
  if (persisted === undefined || persisted === null) return undefined
  const { sha256Hash, version } = persisted as Record<string, unknown>
  if (version !== 1 || typeof sha256Hash !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256Hash))
    throw new RequestFault(
      'BAD_REQUEST',
      'extensions.persistedQuery must have version 1 and a sha256Hash in hexadecimal.',
    )
  return sha256Hash.toLowerCase()
}

export function createPersistedDocuments(settings: PersistedSettings): PersistedDocuments {
  const { trusted, store, trustedOnly, log } = settings
  const maxSize = settings.cacheBytes ?? 16 * 1024 * 1024
  const registered = new LRUCache<string, string>({
    maxSize,
    sizeCalculation: (text) => 64 + 2 * text.length,
  })
  const trustedTexts = new Set([...trusted.byId.values()].map(({ text }) => text))

  function register(sha256: string, text: string): void {
    if (registered.has(sha256)) return
    registered.set(sha256, text)
    store?.set(`document:${sha256}`, text, { ttlMs: registeredForMs }).catch((error: unknown) => {
      log.warn({ reason: reasonOf(error) }, 'A registered document could not be shared with other gateways.')
    })
  }

  async function lookUp(sha256: string): Promise<string> {
    const shared = await store?.get(`document:${sha256}`).catch((error: unknown) => {
      log.warn({ reason: reasonOf(error) }, 'Documents registered with other gateways cannot be read.')
      return null
    })
    // The store is shared with other programs: what it says is believed only if it hashes to its name.
    if (typeof shared !== 'string' || hash('sha256', shared) !== sha256) throw notFound()
    registered.set(sha256, shared)
    return shared
  }

  function untrusted(): RequestFault {
    return new RequestFault('UNTRUSTED_DOCUMENT', 'Only the documents that this gateway knows are run.', {
      status: 403,
    })
  }

  return {
    textOf({ query, documentId, extensions }) {
      if (documentId !== undefined) {
        const id = documentId.startsWith('sha256:') ? documentId.slice(7) : documentId
        const document = trusted.byId.get(id.toLowerCase())
        if (document) return document.text
        throw new RequestFault(
          'PERSISTED_QUERY_NOT_FOUND',
          `There is no document "${documentId.slice(0, 100)}".`,
        )
      }
      const sha256 = hashIn(extensions)
      if (query === undefined) {
        if (sha256 === undefined)
          throw new RequestFault('BAD_REQUEST', 'The request has no "query" and no document id.')
        const document = trusted.byId.get(sha256)?.text ?? (trustedOnly ? undefined : registered.get(sha256))
        if (document !== undefined) return document
        if (trustedOnly) throw untrusted()
        return lookUp(sha256)
      }
      if (trustedOnly && !trustedTexts.has(query)) throw untrusted()
      if (sha256 !== undefined) {
        if (hash('sha256', query) !== sha256)
          throw new RequestFault('PERSISTED_QUERY_MISMATCH', 'provided sha does not match query')
        register(sha256, query)
      }
      return query
    },
  }
}
