import { LRUCache } from 'lru-cache'
import type { CompiledOperation, Engine } from '../operation.ts'
import {
  createPreparation,
  type PreparationSettings,
  type PreparedDocument,
  type PreparedOperation,
} from './prepare.ts'

export interface DocumentsSettings extends PreparationSettings {
  /** Bytes that prepared documents may take, as estimated by `weightOf`. Default 128 MB. */
  readonly cacheBytes?: number
  readonly onLookup?: (found: boolean) => void
}

/** The documents of one supergraph, each parsed, checked and planned once. */
export interface Documents {
  readonly engine: Engine
  prepare(text: string): PreparedDocument
  /** The operation compiled for what this clearance withholds. A failure is not remembered. */
  compile(prepared: PreparedOperation, clearance: Clearance): CompiledOperation | Promise<CompiledOperation>
  /** Plans every operation of the texts; refused ones are skipped. */
  warm(texts: Iterable<string>): Promise<void>
}

type Clearance = ReturnType<PreparedOperation['authorisation']['clearanceOf']>

/** A syntax tree, its plan and its closures take about fifty times the text; refusals little more than the text. */
function weightOf(document: PreparedDocument, text: string): number {
  return document.refused ? 1_024 + 2 * text.length : 4_096 + 50 * text.length
}

export function createDocuments(engine: Engine, settings: DocumentsSettings): Documents {
  const prepare = createPreparation(engine, settings)
  const maxSize = settings.cacheBytes ?? 128 * 1024 * 1024
  const prepared = new LRUCache<string, PreparedDocument>({ maxSize, sizeCalculation: weightOf })
  const { onLookup } = settings

  const documents: Documents = {
    engine,
    prepare(text) {
      const known = prepared.get(text)
      onLookup?.(known !== undefined)
      if (known !== undefined) return known
      const document = prepare(text)
      prepared.set(text, document)
      return document
    },
    compile({ operation, compiled }, { key, denied }) {
      const known = compiled.get(key)
      if (known !== undefined) return known
      const compiling = engine.compile(operation, denied).then(
        (result) => {
          compiled.set(key, result)
          return result
        },
        (error: unknown) => {
          compiled.delete(key)
          throw error
        },
      )
      compiled.set(key, compiling)
      return compiling
    },
    async warm(texts) {
      for (const text of texts)
        for (const operation of documents.prepare(text).operations ?? [])
          await documents.compile(operation, operation.authorisation.clearanceOf(null))
    },
  }
  return documents
}
