import { LRUCache } from 'lru-cache'
import type { CompiledOperation } from '../operation.ts'

/** Compiled operations by key. Whoever asks for one that is being made waits for the same one. */
export class CompiledCache {
  readonly #compiled: LRUCache<string, Promise<CompiledOperation>>

  /** @param maxWeight in characters; an operation weighs what `weigh` says, or as much as its key */
  constructor(maxWeight: number) {
    this.#compiled = new LRUCache({ maxSize: maxWeight, sizeCalculation: () => 1 })
  }

  get(key: string, make: () => Promise<CompiledOperation>): Promise<CompiledOperation> {
    const known = this.#compiled.get(key)
    if (known) return known
    const made = make()
    this.#compiled.set(key, made)
    return made
  }
}
