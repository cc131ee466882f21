import { createHash, randomUUID } from 'node:crypto'
import { access, constants, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import {
  type ArtifactContent,
  ArtifactDamaged,
  type ArtifactDigest,
  type ArtifactStore,
  type ListedArtifact,
} from './artifacts.ts'
import { checkKey, checkLink, checkList } from './bounds.ts'
import { readingOf, verified } from './digest.ts'
import { createLinks } from './files/links.ts'

export interface FileArtifactsSettings {
  /** Made when it is not there; the store is alone in it. */
  readonly folder: string
}

/** No character of a key: all artifacts lie in one folder, so that a key may be another one's beginning. */
const slash = '='
const unfinished = '~'
/** Milliseconds after which an unfinished file is that of a process that was killed. */
const abandonedMs = 24 * 60 * 60 * 1000

/** Behind the content of each file: so one rename replaces content and checksum together. */
const seal = { mark: Buffer.from('artifact'), bytes: 40 } as const

/**
 * Artifacts as files of one folder, for one machine. Several processes may share it.
 * A file is written beside its place, synced, and renamed. Its last 40 bytes are the word `artifact` and the checksum.
 * `presign`: the process serves its links itself, on a port of the loopback; they work on this machine, until the store
 * is closed.
 */
export async function createFileArtifacts(settings: FileArtifactsSettings): Promise<ArtifactStore> {
  const folder = resolve(settings.folder)
  await mkdir(folder, { recursive: true })
  await removeAbandoned(folder)
  const pathOf = (key: string): string => join(folder, key.replaceAll('/', slash))

  /** Writes the content beside its place, then has `settle` bring it there. */
  async function store<T>(
    content: ArtifactContent,
    settle: (path: string, digest: ArtifactDigest) => Promise<T>,
  ) {
    const path = join(folder, `${unfinished}${randomUUID()}`)
    try {
      const digest = await write(path, content)
      const outcome = await settle(path, digest)
      await sync(folder)
      return outcome
    } finally {
      await rm(path, { force: true })
    }
  }

  const get: ArtifactStore['get'] = async (key) => {
    checkKey(key)
    const file = await unlessAbsent(open(pathOf(key)))
    if (!file) return null
    try {
      const { size: whole, mtime } = await file.stat()
      const size = whole - seal.bytes
      const end = Buffer.alloc(seal.bytes)
      if (size < 0 || (await file.read(end, 0, seal.bytes, size)).bytesRead < seal.bytes)
        throw new ArtifactDamaged(key, 'its end is missing')
      if (!end.subarray(0, seal.mark.length).equals(seal.mark))
        throw new ArtifactDamaged(key, 'it has no checksum')
      const sha256 = end.subarray(seal.mark.length).toString('hex')
      if (size === 0) await file.close()
      const source = size === 0 ? Readable.from([]) : file.createReadStream({ start: 0, end: size - 1 })
      const content = verified(key, source, { size, sha256 })
      return { key, size, sha256, modifiedAt: mtime, content }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  const links = createLinks(get)

  return {
    put(key, content) {
      checkKey(key)
      return store(content, async (path, digest) => {
        await rename(path, pathOf(key))
        return digest
      })
    },

    create(key, content) {
      checkKey(key)
      return store(content, async (path, digest) => {
        try {
          // Unlike a rename it fails where there is one.
          await link(path, pathOf(key))
          return digest
        } catch (error) {
          if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null
          throw error
        }
      })
    },

    get,

    async list(prefix, options = {}) {
      const { limit } = checkList(prefix, options)
      const { after = '' } = options
      const keys = (await readdir(folder))
        .filter((name) => !name.startsWith(unfinished))
        .map((name) => name.replaceAll(slash, '/'))
        .filter((key) => key.startsWith(prefix) && key > after)
        .sort()
      const page = keys.slice(0, limit)
      const found = await Promise.all(
        page.map(async (key): Promise<ListedArtifact | undefined> => {
          const file = await unlessAbsent(stat(pathOf(key)))
          return file && { key, size: file.size - seal.bytes, modifiedAt: file.mtime }
        }),
      )
      const artifacts = found.filter((artifact) => artifact !== undefined)
      const next = keys.length > limit ? page.at(-1) : undefined
      return { artifacts, ...(next === undefined ? {} : { next }) }
    },

    async delete(keys) {
      keys.forEach(checkKey)
      for (const key of keys) await rm(pathOf(key), { force: true })
      await sync(folder)
    },

    async presign(key, expiresInMs) {
      checkLink(key, expiresInMs)
      return links.sign(key, Date.now() + expiresInMs)
    },

    ping: () => access(folder, constants.R_OK | constants.W_OK),
    close: () => links.close(),
  }
}

/** Writes content and seal, and has them on the disk. */
async function write(path: string, content: ArtifactContent): Promise<ArtifactDigest> {
  const file = await open(path, 'wx')
  try {
    const hash = createHash('sha256')
    let size = 0
    async function* bytes() {
      const source = content instanceof Uint8Array ? [content] : (readingOf(content) as AsyncIterable<Buffer>)
      for await (const some of source) {
        hash.update(some)
        size += some.length
        yield some
      }
      yield Buffer.concat([seal.mark, hash.copy().digest()])
    }
    await file.writeFile(bytes())
    await file.sync()
    return { size, sha256: hash.digest('hex') }
  } finally {
    await file.close()
  }
}

/** A renamed or deleted name is on the disk only when its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(unfinished)) continue
    const path = join(folder, name)
    const file = await unlessAbsent(stat(path))
    if (file && Date.now() - file.mtimeMs > abandonedMs) await rm(path, { force: true })
  }
}
