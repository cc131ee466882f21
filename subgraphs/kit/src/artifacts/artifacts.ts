import type { Readable } from 'node:stream'

/** What is put: bytes, or a file that is read twice (for its checksum, and while it is stored) and never held whole. */
export type ArtifactContent = Uint8Array | { readonly file: string }

export interface ArtifactDigest {
  /** Bytes. */
  readonly size: number
  /** SHA-256 of all bytes, in lower-case hexadecimal digits. */
  readonly sha256: string
}

export interface ListedArtifact {
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly modifiedAt: Date
}

export interface Artifact extends ListedArtifact, ArtifactDigest {
  /**
   * The bytes, of any size; to be read to its end or destroyed, soon: MinIO lets a put of the key wait for that. It fails
   * with ArtifactDamaged at its end when they are not those that were put: who acts on them before has acted on
   * something unproven.
   */
  readonly content: Readable
}

export interface ArtifactPage {
  /** In the order of the bytes of their keys. */
  readonly artifacts: readonly ListedArtifact[]
  /** To be given as `after` for the next page; undefined on the last one. */
  readonly next?: string
}

export interface ListOptions {
  /** Only keys behind this one. */
  readonly after?: string
  /** 1 to 1,000, the default. */
  readonly limit?: number
}

/**
 * Large things by key: model files, exports, backups.
 * Keys are names of lower-case letters, digits, `.`, `_` and `-`, each beginning with a letter or digit, joined by `/`;
 * at most 200 characters. Others are refused with a RangeError, so no key reaches out of the store. Where there is `a`
 * there should be no `a/b`: MinIO lists only one of them.
 * Guarantees: what was put is durable when the call resolves; readers see the old or the new content, each whole; what is
 * read is what was put, or the reading fails. A store that is down rejects with what `isOutage` knows.
 */
export interface ArtifactStore {
  /** Replaces what is there. Of several at once the last one stays. */
  put(key: string, content: ArtifactContent): Promise<ArtifactDigest>
  /** Puts unless there is one. Of several at once one does it. @returns null when there was one, which stays */
  create(key: string, content: ArtifactContent): Promise<ArtifactDigest | null>
  /** @returns null when there is none */
  get(key: string): Promise<Artifact | null>
  /** @param prefix beginning of the keys, not necessarily a whole name; empty for all */
  list(prefix: string, options?: ListOptions): Promise<ArtifactPage>
  /** Does nothing for keys that are not there. */
  delete(keys: readonly string[]): Promise<void>
  /**
   * A URL by which anyone may read the artifact until `expiresInMs` milliseconds from now (a second to seven days), by
   * GET and without further proof. What reaches it is said by the engine.
   */
  presign(key: string, expiresInMs: number): Promise<string>
  ping(): Promise<void>
  close(): Promise<void>
}

/** What is stored is not what was put. */
export class ArtifactDamaged extends Error {
  override readonly name = 'ArtifactDamaged'

  constructor(key: string, reason: string) {
    super(`The artifact ${key} is damaged: ${reason}`)
  }
}
