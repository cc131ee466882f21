import { reasonOf } from '@movieverse/kit/errors'
import type { Log } from '@movieverse/kit/log'
import type { Supergraph } from '../operation.ts'
import type { SupergraphSource } from './file.ts'
import { readSupergraph } from './read.ts'

/** Where the served supergraph stands. `current` is what requests are answered with. */
export type ServingState<T> =
  /** The first supergraph is read and built; nothing can be answered yet. */
  | { readonly phase: 'loading' }
  /** `refused` says why the newest text was not taken, until another one is. */
  | { readonly phase: 'serving'; readonly current: T; readonly since: Date; readonly refused?: string }
  /** A new supergraph is read and built while the old one goes on serving. */
  | { readonly phase: 'swapping'; readonly current: T; readonly since: Date }
  /** The first supergraph was refused; the next change of the source is tried. */
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'closed' }

export interface Serving<T> {
  state(): ServingState<T>
  /** What is in force. @throws Error before the first supergraph and after `close` */
  current(): T
  /** Reads the source again. Resolves when the outcome is in force; never rejects. */
  reload(): Promise<void>
  close(): void
}

export interface ServingOptions<T> {
  readonly source: SupergraphSource
  /** Makes all that answers requests over this supergraph, known operations planned. @throws to refuse it */
  readonly build: (supergraph: Supergraph) => Promise<T>
  readonly log: Log
}

/**
 * Serves the newest usable supergraph of a source.
 *
 * Guarantees: what `build` made is in force only when it is whole, so the first request over a new
 * supergraph finds its operations planned. A text that cannot be read, composed or built leaves the old one
 * serving and is logged. Whoever took `current` keeps it until it is done with it: a swap touches no
 * request that has begun. Of several changes during a swap the last one counts. An unchanged text changes nothing.
 *
 * Resolves when the first supergraph serves or was refused.
 */
export async function serveSupergraph<T>(options: ServingOptions<T>): Promise<Serving<T>> {
  const { source, build, log } = options
  let state: ServingState<T> = { phase: 'loading' }
  let served: string | undefined
  let running: Promise<void> | undefined
  let again = false
  const isClosed = () => state.phase === 'closed'

  const take = async (): Promise<void> => {
    const old = state.phase === 'serving' ? state : undefined
    try {
      const sdl = await source.read()
      if (sdl === served || isClosed()) return
      if (old) state = { phase: 'swapping', current: old.current, since: old.since }
      const current = await build(readSupergraph(sdl))
      if (isClosed()) return
      served = sdl
      state = { phase: 'serving', current, since: new Date() }
      log.info({ bytes: sdl.length }, old ? 'a new supergraph serves' : 'the supergraph serves')
    } catch (error) {
      if (isClosed()) return
      const reason = reasonOf(error)
      state = old
        ? { phase: 'serving', current: old.current, since: old.since, refused: reason }
        : { phase: 'failed', reason }
      log.error({ reason }, old ? 'a new supergraph was refused, the old one serves' : 'no supergraph serves')
    }
  }

  const reload = (): Promise<void> => {
    if (running) {
      again = true
      return running
    }
    running = (async () => {
      do {
        again = false
        await take()
      } while (again && !isClosed())
      running = undefined
    })()
    return running
  }

  const unwatch = source.watch(() => void reload())
  await reload()
  return {
    state: () => state,
    current() {
      if (state.phase === 'serving' || state.phase === 'swapping') return state.current
      throw new Error(`No supergraph serves: ${state.phase === 'failed' ? state.reason : state.phase}.`)
    },
    reload,
    close() {
      unwatch()
      state = { phase: 'closed' }
    },
  }
}
