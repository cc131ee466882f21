import { join } from 'node:path'
import type { EventOrigin } from '@movieverse/schema/events/contract'
import { ahead, inBatches } from './batches.ts'
import { createFilmWriter } from './films.ts'
import { detectSource, sampleSource } from './formats/detect.ts'
import type { Importers } from './importers.ts'
import type { Meter } from './lines.ts'
import { findRaters, importRaters } from './members.ts'
import { type Progress, silentProgress } from './progress.ts'
import type { Source } from './records.ts'
import { type LoadReport, reportOf } from './report.ts'
import { createStateFile, type LoadState, newState, type StateFile } from './state.ts'

export interface LoaderDeps {
  readonly importers: Importers
  /** Where loads keep how far they are: `DATA_DIR/loads`. */
  readonly stateFolder: string
  readonly progress?: Progress
  /** Aborted: the load rejects after the batch in hand, and can be taken up again. */
  readonly signal?: AbortSignal
}

export interface Loader {
  /** @param folder holds `films.jsonl.br` and `ratings.csv.br` */
  loadSample(folder: string): Promise<LoadReport>
  /**
   * A MovieLens folder or a catalogue.
   * @param options.again also when it was loaded before
   * @throws UnknownLayoutError
   */
  loadPath(path: string, options?: { readonly again?: boolean }): Promise<LoadReport>
}

/**
 * Loads data sets through the services' importers, in batches of 1,000, with a memory that does not grow with the
 * ratings. Each finished batch is noted on disk: a load that was killed goes on from there, one that is finished is
 * known again without reading its files, and one whose files have changed starts anew, over what is there.
 */
export function createLoader(deps: LoaderDeps): Loader {
  return {
    loadSample: async (folder) => load(deps, await sampleSource(folder), { origin: 'seed' }),
    loadPath: async (path, { again } = {}) =>
      load(deps, await detectSource(path), { origin: 'import', again }),
  }
}

/** One load on its way. */
interface Run extends LoaderDeps {
  readonly source: Source
  readonly origin: EventOrigin
  readonly file: StateFile
  readonly meter: Meter
  /** The state as it lies on disk. */
  state: LoadState
  /** Notes progress on disk, one write after another, and shows it. */
  save(change: Partial<LoadState>): Promise<void>
}

async function load(
  deps: LoaderDeps,
  source: Source,
  { origin, again = false }: { readonly origin: EventOrigin; readonly again?: boolean },
): Promise<LoadReport> {
  const { progress = silentProgress, stateFolder, signal } = deps
  const startedAt = performance.now()
  const file = createStateFile(stateFolder, `${source.kind}-${source.id}`)
  const known = await file.read()
  const same = known && sameFiles(known.files, source.files) ? known : undefined
  const present = again && same?.finishedAt ? undefined : same
  if (present?.finishedAt) return reportOf(source, present, { seconds: 0, alreadyLoaded: true })
  if (!present) await file.reset()
  const meter: Meter = { bytes: 0 }
  let saving: Promise<void> = Promise.resolve()
  const run: Run = {
    ...deps,
    source,
    origin,
    file,
    meter,
    state: present ?? newState(source.files),
    async save(change) {
      run.state = { ...run.state, ...change }
      const { films, members, ratings } = run.state
      const counts = { films: films.done, members: members.done, ratings: ratings.done }
      progress.update({ ...counts, bytes: meter.bytes, totalBytes: source.bytes })
      saving = saving.then(() => file.write(run.state))
      await saving
      signal?.throwIfAborted()
    },
  }
  progress.start(`Loading ${source.layout}`)
  try {
    await both(loadFilms(run), loadMembers(run))
    await loadRatings(run)
    await run.save({ finishedAt: new Date().toISOString() })
  } finally {
    progress.stop()
  }
  return reportOf(source, run.state, {
    seconds: (performance.now() - startedAt) / 1000,
    alreadyLoaded: false,
  })
}

async function loadFilms(run: Run): Promise<void> {
  const { source, origin, importers, file, meter } = run
  if (run.state.filmsFinished) return
  const writer = createFilmWriter(importers, { origin, sharedIds: source.sharedIds })
  for await (const { values, after } of ahead(inBatches(source.films(meter), run.state.films))) {
    const ids = values.length > 0 ? await writer.write(values) : []
    await file.appendMapping(
      'films',
      values.map(({ sourceId }, index) => [sourceId, ids[index] ?? 0]),
    )
    await run.save({ films: after })
  }
  await run.save({ filmsFinished: true })
}

async function loadMembers(run: Run): Promise<void> {
  const { source, origin, importers, file, meter } = run
  if (!source.ratings || run.state.members.finished) return
  const raters = await findRaters(source.ratings(meter))
  for (let start = run.state.members.done; start < raters.length; start += batchSize) {
    const batch = raters.slice(start, start + batchSize)
    const ids = await importRaters(importers, batch, { dataset: source.id, origin })
    await file.appendMapping(
      'members',
      batch.map(({ sourceId }, index) => [sourceId, ids[index] ?? 0]),
    )
    await run.save({ members: { done: start + batch.length, finished: false } })
  }
  await run.save({ members: { done: raters.length, finished: true } })
}

async function loadRatings(run: Run): Promise<void> {
  const { source, origin, importers, file, meter } = run
  if (!source.ratings) return
  const films = await file.readMapping('films')
  const members = await file.readMapping('members')
  const batches = inBatches(source.ratings(meter), run.state.ratings, {
    refuse: ({ sourceMovieId }) =>
      films.has(sourceMovieId) ? undefined : 'names a film that the data set does not have',
  })
  for await (const { values, after } of ahead(batches)) {
    const reviews = values.map(({ sourceUserId, sourceMovieId, rating, createdAt }) => ({
      userId: members.get(sourceUserId) ?? 0,
      movieId: films.get(sourceMovieId) ?? 0,
      rating,
      createdAt,
    }))
    const { skipped } = reviews.length > 0 ? await importers.importReviews(reviews, origin) : { skipped: 0 }
    await run.save({ ratings: { ...after, skipped: run.state.ratings.skipped + skipped } })
  }
}

/** Waits for both also when one fails: the stores are in use until then. */
async function both(...parts: readonly Promise<void>[]): Promise<void> {
  for (const part of await Promise.allSettled(parts)) if (part.status === 'rejected') throw part.reason
}

const batchSize = 1000

function sameFiles(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

/** `DATA_DIR/loads`. */
export function loadsFolder(dataDir: string): string {
  return join(dataDir, 'loads')
}
