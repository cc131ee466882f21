import { LRUCache } from 'lru-cache'
import type { CompiledOperation } from '../operation.ts'

/** A compiled operation and what it weighs, in characters of its document and its plan. */
export interface Weighed {
  readonly compiled: CompiledOperation
  readonly weight: number
}

/** Compiled operations by key, the least used leaving first. Whoever asks for one being made waits for that one. */
export class CompiledCache {
  readonly #ready: LRUCache<string, CompiledOperation>
  readonly #coming = new Map<string, Promise<CompiledOperation>>()

  constructor(maxWeight: number) {
    this.#ready = new LRUCache({ maxSize: maxWeight })
  }

  async get(key: string, make: () => Promise<Weighed>): Promise<CompiledOperation> {
    const ready = this.#ready.get(key)
    if (ready) return ready
    const coming = this.#coming.get(key) ?? this.#make(key, make)
    return coming
  }

  #make(key: string, make: () => Promise<Weighed>): Promise<CompiledOperation> {
    const coming = make()
      .then(({ compiled, weight }) => {
        this.#ready.set(key, compiled, { size: Math.max(1, weight) })
        return compiled
      })
      .finally(() => this.#coming.delete(key))
    this.#coming.set(key, coming)
    return coming
  }
}
