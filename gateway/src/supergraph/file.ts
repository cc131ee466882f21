import { type FSWatcher, watch } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { reasonOf } from '@movieverse/kit/errors'
import type { Log } from '@movieverse/kit/log'

/** Where supergraphs come from. */
export interface SupergraphSource {
  /** The present SDL. @throws when it cannot be read */
  read(): Promise<string>
  /**
   * Calls `changed` some time after the text may have changed, once for changes that come together.
   * @returns ends the watch
   */
  watch(changed: () => void): () => void
}

export interface FileSourceOptions {
  readonly log: Log
  /** Milliseconds between looks at the file, for file systems that report nothing. */
  readonly pollMs?: number
  /** Milliseconds to wait after a report for the writer to finish. */
  readonly settleMs?: number
}

/**
 * A supergraph file that may be written in place, replaced by rename, or reached over a symbolic link that
 * moves. A SIGHUP has it read again too.
 */
export function supergraphFile(path: string, options: FileSourceOptions): SupergraphSource {
  const { log, pollMs = 2_000, settleMs = 50 } = options
  const file = resolve(path)

  const identity = async (): Promise<string> => {
    try {
      const { ino, size, mtimeMs } = await stat(file)
      return `${ino} ${size} ${mtimeMs}`
    } catch (error) {
      // Between the two steps of a replacement the file is not there.
      return reasonOf(error)
    }
  }

  /** The directory is watched, since a rename puts another file in the place of the watched one. */
  const watchDirectory = (report: () => void): FSWatcher | undefined => {
    const onlyPolled = (error: unknown) =>
      log.warn({ reason: reasonOf(error) }, 'the supergraph file is not watched, only polled')
    try {
      const watcher = watch(dirname(file), (_event, name) => {
        if (name === null || name === basename(file)) report()
      })
      return watcher.on('error', (error) => {
        onlyPolled(error)
        watcher.close()
      })
    } catch (error) {
      // The system has no watches left, or no such directory yet.
      onlyPolled(error)
      return undefined
    }
  }

  return {
    read: () => readFile(file, 'utf8'),
    watch(changed) {
      let settling: NodeJS.Timeout | undefined
      let closed = false
      const report = () => {
        clearTimeout(settling)
        settling = setTimeout(changed, settleMs)
      }

      const watcher = watchDirectory(report)

      let seen: string | undefined
      const look = async (): Promise<void> => {
        const now = await identity()
        if (!closed && seen !== undefined && seen !== now) report()
        seen = now
      }
      void look()
      const polling = setInterval(() => void look(), pollMs)
      polling.unref()

      process.on('SIGHUP', report)
      return () => {
        closed = true
        watcher?.close()
        clearInterval(polling)
        clearTimeout(settling)
        process.off('SIGHUP', report)
      }
    },
  }
}
