import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The parts of a CPU profile (Chrome DevTools protocol, `Profiler.Profile`) that are read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
      readonly columnNumber: number
    }
  }[]
  readonly samples: readonly number[]
  /** Microseconds between two samples. */
  readonly timeDeltas: readonly number[]
}

/** A profile that is being taken. */
export interface Profiling {
  /** Ends it and answers what was seen since its start. */
  stop(): Promise<CpuProfile>
}

/** Where a profiled function stands: a path from the repository's root, `node:…`, or V8's `(garbage collector)`. */
export interface Frame {
  readonly source: string
  readonly name: string
  readonly milliseconds: number
}

interface Reply {
  readonly id: number
  readonly result?: { readonly profile?: CpuProfile }
  readonly error?: { readonly message: string }
}

/** What a Node process must be started with to be profiled later; it costs nothing until then. */
export const profilable = (port: number) => ({ NODE_OPTIONS: `--inspect-port=127.0.0.1:${port}` })

/** Starts to take a CPU profile of a running Node process that was started `profilable`. */
export async function startProfile(pid: number, port: number): Promise<Profiling> {
  process.kill(pid, 'SIGUSR1')
  const targets = await inspectorTargets(port)
  const target: unknown = Array.isArray(targets) ? targets[0] : undefined
  if (typeof target !== 'object' || target === null || !('webSocketDebuggerUrl' in target))
    throw new Error('There is no Node process to profile.')
  const socket = new WebSocket(String(target.webSocketDebuggerUrl))
  await new Promise((opened, failed) => {
    socket.addEventListener('open', opened, { once: true })
    socket.addEventListener('error', failed, { once: true })
  })
  let calls = 0
  const call = (method: string, params: Record<string, unknown> = {}) => {
    const id = ++calls
    const reply = new Promise<Reply>((answered) => {
      const listen = ({ data }: MessageEvent) => {
        const message = JSON.parse(String(data)) as Reply
        if (message.id !== id) return
        socket.removeEventListener('message', listen)
        answered(message)
      }
      socket.addEventListener('message', listen)
    })
    socket.send(JSON.stringify({ id, method, params }))
    return reply
  }
  await call('Profiler.enable')
  await call('Profiler.setSamplingInterval', { interval: 500 })
  await call('Profiler.start')
  return {
    async stop() {
      const { result, error } = await call('Profiler.stop')
      await call('Profiler.disable')
      socket.close()
      if (result?.profile === undefined) throw new Error(error?.message ?? 'The profile is missing.')
      return result.profile
    },
  }
}

/** The inspector listens some milliseconds after the signal. */
async function inspectorTargets(port: number): Promise<unknown> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/json`).catch((error: Error) => error)
    if (response instanceof Response) return response.json()
    if (tries === 50) throw new Error('The inspector does not answer.', { cause: response })
    await sleep(100)
  }
}

/** Self time of each function, most first; bundled functions under their source's name where a map lies beside. */
export function selfTimes(profile: CpuProfile): Frame[] {
  const spent = new Map<number, number>()
  profile.samples.forEach((id, i) => {
    spent.set(id, (spent.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1000)
  })
  const maps = new Map<string, SourceMap | undefined>()
  const frames = new Map<string, { source: string; name: string; milliseconds: number }>()
  for (const { id, callFrame } of profile.nodes) {
    const { functionName, url, lineNumber, columnNumber } = callFrame
    const name = functionName === '' ? '(anonymous)' : functionName
    const source = sourceOf(url, lineNumber, columnNumber, maps) || name
    const frame = frames.get(`${source} ${name}`) ?? { source, name, milliseconds: 0 }
    frame.milliseconds += spent.get(id) ?? 0
    frames.set(`${source} ${name}`, frame)
  }
  return [...frames.values()].toSorted((a, b) => b.milliseconds - a.milliseconds)
}

function sourceOf(
  url: string,
  line: number,
  column: number,
  maps: Map<string, SourceMap | undefined>,
): string {
  if (!url.startsWith('file:')) return url
  const file = fileURLToPath(url)
  if (!maps.has(file)) maps.set(file, readMap(file))
  const entry = maps.get(file)?.findEntry(line, column)
  const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : undefined
  return relative('.', source === undefined ? file : sourcePath(file, source))
}

const sourcePath = (file: string, source: string) =>
  source.startsWith('file:') ? fileURLToPath(source) : resolve(dirname(file), source)

function readMap(file: string): SourceMap | undefined {
  const map = `${file}.map`
  return existsSync(map) ? new SourceMap(JSON.parse(readFileSync(map, 'utf8'))) : undefined
}

/** Shares of the busy time by the part that each frame is given to; what is idle does not count. */
export function sharesBy(frames: readonly Frame[], part: (frame: Frame) => string): Record<string, number> {
  const busy = frames.filter((frame) => frame.name !== '(idle)')
  const total = busy.reduce((sum, frame) => sum + frame.milliseconds, 0)
  const parts = new Map<string, number>()
  for (const frame of busy) {
    const key = part(frame)
    parts.set(key, (parts.get(key) ?? 0) + frame.milliseconds / total)
  }
  const sorted = [...parts].toSorted(([, a], [, b]) => b - a)
  return Object.fromEntries(sorted.map(([key, share]) => [key, Math.round(share * 1000) / 1000]))
}
