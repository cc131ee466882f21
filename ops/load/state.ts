import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const place = z.object({ file: z.string(), number: z.number(), fault: z.string() })
/** How far one part of a load is. Lines are those that its reader has given, broken ones with them. */
const part = z.object({ lines: z.number(), done: z.number(), broken: z.number(), first: z.array(place) })
const loadState = z.object({
  version: z.literal(1),
  files: z.record(z.string(), z.number()),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  films: part,
  members: z.object({ done: z.number(), finished: z.boolean() }),
  ratings: part.extend({ skipped: z.number() }),
  filmsFinished: z.boolean(),
})

export type LoadState = z.infer<typeof loadState>
export type PartState = z.infer<typeof part>
export type BrokenLine = z.infer<typeof place>

/** Which record of a source became which of the platform's: one entry for each pair. */
export type Mapping = Map<number, number>

/** A load's memory on disk: where to go on after a kill. */
export interface StateFile {
  /** Undefined when there is none, or none that this program can read. */
  read(): Promise<LoadState | undefined>
  /** Takes the place of the former state in one step: a kill leaves the one or the other. */
  write(state: LoadState): Promise<void>
  readMapping(kind: MappingKind): Promise<Mapping>
  /** On disk when it resolves. */
  appendMapping(kind: MappingKind, pairs: readonly (readonly [source: number, id: number])[]): Promise<void>
  /** Forgets what an earlier load of other files under the same name has left. */
  reset(): Promise<void>
}
type MappingKind = 'films' | 'members'

export function newState(files: Readonly<Record<string, number>>): LoadState {
  const nothing = { lines: 0, done: 0, broken: 0, first: [] }
  return {
    version: 1,
    files: { ...files },
    startedAt: new Date().toISOString(),
    finishedAt: null,
    films: nothing,
    members: { done: 0, finished: false },
    ratings: { ...nothing, skipped: 0 },
    filmsFinished: false,
  }
}

export function createStateFile(folder: string, id: string): StateFile {
  const path = join(folder, `${id}.json`)
  const mappingPath = (kind: MappingKind) => join(folder, `${id}.${kind}`)
  return {
    async read() {
      const text = await ifThere(readFile(path, 'utf8'))
      if (text === undefined) return undefined
      const read = loadState.safeParse(parsed(text))
      return read.success ? read.data : undefined
    },
    async write(state) {
      const next = `${path}.next`
      await writeFile(next, JSON.stringify(state))
      await rename(next, path)
    },
    async readMapping(kind) {
      const text = (await ifThere(readFile(mappingPath(kind), 'utf8'))) ?? ''
      const mapping: Mapping = new Map()
      // A line that a kill has cut short belongs to a batch that is done again.
      for (const [, source, id] of text.matchAll(/^(\d+) (\d+);$/gmu)) mapping.set(Number(source), Number(id))
      return mapping
    },
    async appendMapping(kind, pairs) {
      if (pairs.length === 0) return
      const text = `\n${pairs.map(([source, id]) => `${source} ${id};`).join('\n')}\n`
      await appendFile(mappingPath(kind), text, { flush: true })
    },
    async reset() {
      await mkdir(folder, { recursive: true })
      for (const kind of ['films', 'members'] as const) await writeFile(mappingPath(kind), '')
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
