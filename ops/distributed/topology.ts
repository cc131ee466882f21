import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { PlacedProcess } from './placement.ts'
import { type Supervised, type SupervisedOptions, supervise } from './supervised.ts'

export interface TopologyOptions extends Pick<SupervisedOptions, 'root' | 'inherited'> {
  /** Logs, temporary folders and volumes are kept here. */
  readonly folder: string
  /** Told after each change of a process. */
  readonly onChange?: () => void
}

/** The platform as many processes. */
export interface Topology {
  readonly processes: readonly Supervised[]
  /** Of an entry, its replicas in order. */
  of(entry: string): readonly Supervised[]
  /** Starts each process when those it depends on are as it asks. @throws Error when one cannot be brought up; all are stopped then */
  start(): Promise<void>
  /** Replaces every process, one at a time and each only when the one before it is healthy; those that do their work and end are left. */
  roll(onProcess?: (name: string) => void): Promise<void>
  /** Stops all, those first on which nobody depends. */
  stop(): Promise<void>
}

/** @throws Error when entries depend on each other in a circle */
export function createTopology(placed: readonly PlacedProcess[], options: TopologyOptions): Topology {
  const { root, inherited, folder, onChange = () => undefined } = options
  for (const { name } of placed) mkdirSync(join(folder, 'processes', name), { recursive: true })
  const logs = join(folder, 'logs')
  const processes = placed.map((process) => supervise(process, { root, logs, inherited, onChange }))
  const layers = layersOf(processes)
  const of = (entry: string) => processes.filter(({ process }) => process.entry === entry)

  let stopping = false
  const cores = createTurns(availableParallelism())

  async function startOne(
    supervised: Supervised,
    ready: ReadonlyMap<Supervised, Promise<void>>,
  ): Promise<void> {
    const awaited = [...supervised.process.dependsOn]
      .filter(([, condition]) => condition !== 'service_started')
      .flatMap(([entry]) => of(entry).map((other) => ready.get(other)))
    await Promise.all(awaited)
    const free = await cores.take()
    try {
      if (stopping) return
      supervised.start()
      await supervised.ready()
    } finally {
      free()
    }
  }

  async function stop(): Promise<void> {
    stopping = true
    for (const layer of layers.toReversed()) await Promise.all(layer.map((supervised) => supervised.stop()))
  }

  return {
    processes,
    of,
    async start() {
      stopping = false
      const ready = new Map<Supervised, Promise<void>>()
      // In the order of their dependencies, so that a promise is there for whoever waits for it.
      for (const supervised of layers.flat()) ready.set(supervised, startOne(supervised, ready))
      try {
        await Promise.all(ready.values())
      } catch (error) {
        await stop()
        await Promise.allSettled(ready.values())
        throw error
      }
    },
    async roll(onProcess) {
      for (const supervised of layers.flat()) {
        const { health, name, rollSignal } = supervised.process
        if (!health) continue
        onProcess?.(name)
        if (rollSignal) supervised.signal(rollSignal)
        else {
          await supervised.stop()
          supervised.start()
        }
        await supervised.ready()
      }
    },
    stop,
  }
}

/** Lets so many be at work at one time: processes that all start at once only hold each other up. */
function createTurns(most: number) {
  const waiting: (() => void)[] = []
  let busy = 0
  const free = () => {
    const next = waiting.shift()
    if (next) next()
    else busy -= 1
  }
  return {
    async take(): Promise<() => void> {
      if (busy < most) busy += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return free
    },
  }
}

/** Whom others depend on is in a layer before theirs. @throws Error when they depend on each other in a circle */
function layersOf(processes: readonly Supervised[]): readonly (readonly Supervised[])[] {
  const layers: Supervised[][] = []
  let left = [...processes]
  while (left.length > 0) {
    const waiting = new Set(left.map(({ process }) => process.entry))
    const isFree = ({ process }: Supervised) =>
      ![...process.dependsOn.keys()].some((entry) => waiting.has(entry))
    const layer = left.filter(isFree)
    if (layer.length === 0) throw new Error(`${[...waiting].join(', ')} depend on each other in a circle`)
    layers.push(layer)
    left = left.filter((supervised) => !layer.includes(supervised))
  }
  return layers
}
