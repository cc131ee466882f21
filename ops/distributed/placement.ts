import { join } from 'node:path'
import { StartupError } from '@movieverse/kit/errors'
import type { ComposeEntry, ComposeProject, Condition } from './compose.ts'

/** One process as it is started here. */
export interface PlacedProcess {
  /** `reviews-2`; of an entry without replicas just its name. */
  readonly name: string
  readonly entry: string
  /** The program and its arguments; `node` is the present Node. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** What ends with 0 while the process is able to serve. */
  readonly health: ComposeEntry['healthcheck']
  readonly restart: ComposeEntry['restart']
  readonly stopGraceMs: number
  readonly rollSignal: NodeJS.Signals | undefined
  /** Entries of ours that it waits for. */
  readonly dependsOn: ReadonlyMap<string, Condition>
  /** `http://127.0.0.1:4101`: where it answers; undefined for what does its work and ends. */
  readonly origin: string | undefined
}

export interface PlacementOptions {
  /** Processes listen on the ports from here on. */
  readonly basePort: number
  /** Volumes and temporary folders are put here. Absolute. */
  readonly folder: string
}

interface Replica {
  readonly entry: string
  readonly name: string
  /** In containers. */
  readonly hostname: string
  /** Port in the container → here. */
  readonly ports: ReadonlyMap<string, number>
}

const settingsOfPorts = ['PORT', 'HTTPS_PORT']

/**
 * Gives every replica of the entries that are built from this repository an address of this machine, and its
 * environment the addresses of the others.
 * @throws StartupError START_FAILED when an entry needs an engine of whose address nothing is known
 */
export function placeEntries(project: ComposeProject, options: PlacementOptions): readonly PlacedProcess[] {
  const own = new Map([...project.entries].filter(([, entry]) => entry.build !== undefined))
  const engines = [...project.entries.keys()].filter((name) => !own.has(name))
  const replicas = placeReplicas(project.name, own, options.basePort)
  const addresses = addressesOf(replicas)
  const processes = replicas.map((replica) => {
    const entry = own.get(replica.entry)
    if (!entry?.command) throw new Error(`${replica.entry} has no command`)
    return placeProcess(replica, entry, { own, addresses, folder: options.folder })
  })
  const values = processes.flatMap(({ environment }) => Object.values(environment))
  const unknown = engines.filter((engine) => values.some((value) => hostPattern(engine, '\\d+').test(value)))
  if (unknown.length > 0) {
    throw new StartupError(
      'START_FAILED',
      `Where ${unknown.join(', ')} can be reached is not known.`,
      'Run npm run engines -- up, or set the variables that docker-compose.yml names (DATABASE_URL_AUTH, KAFKA_BROKERS, …).',
    )
  }
  return processes
}

function placeReplicas(
  project: string,
  entries: ReadonlyMap<string, ComposeEntry>,
  basePort: number,
): readonly Replica[] {
  let next = basePort
  return [...entries].flatMap(([entry, { deploy, expose, ports }]) => {
    const published = new Map(
      ports.map((port) => port.split(':') as [string, string]).map(([host, port]) => [port, Number(host)]),
    )
    return Array.from({ length: deploy.replicas }, (_, index) => ({
      entry,
      name: deploy.replicas > 1 ? `${entry}-${index + 1}` : entry,
      hostname: `${project}-${entry}-${index + 1}`,
      ports: new Map(expose.map((port) => [port, published.get(port) ?? next++])),
    }))
  })
}

/** `host:port` not in the middle of a longer name. */
const hostPattern = (host: string, port: string) => new RegExp(`(?<![\\w.-])${host}:${port}(?!\\d)`)

/** What is written for containers, and the address here. */
function addressesOf(replicas: readonly Replica[]): readonly (readonly [RegExp, string])[] {
  return replicas.flatMap(({ hostname, ports }) =>
    [...ports].map(([port, here]) => [hostPattern(hostname, port), `127.0.0.1:${here}`] as const),
  )
}

interface Surroundings {
  readonly own: ReadonlyMap<string, ComposeEntry>
  readonly addresses: readonly (readonly [RegExp, string])[]
  readonly folder: string
}

function placeProcess(
  replica: Replica,
  entry: ComposeEntry,
  { own, addresses, folder }: Surroundings,
): PlacedProcess {
  const folders = foldersOf(replica, entry, folder)
  const local = (name: string, value: string): string => {
    const port = settingsOfPorts.includes(name) ? replica.ports.get(value) : undefined
    if (port !== undefined) return String(port)
    if (name === 'HOST') return '127.0.0.1'
    const mounted = folders.find(([path]) => value === path || value.startsWith(`${path}/`))
    if (mounted) return mounted[1] + value.slice(mounted[0].length)
    return addresses.reduce((text, [pattern, here]) => text.replace(pattern, here), value)
  }
  const environment = Object.fromEntries(
    Object.entries(entry.environment).map(([name, value]) => [name, local(name, value)]),
  )
  return {
    name: replica.name,
    entry: replica.entry,
    command: entry.command ?? [],
    environment,
    health: entry.healthcheck,
    restart: entry.restart,
    stopGraceMs: entry.stop_grace_period,
    rollSignal: entry['x-roll-signal'],
    dependsOn: new Map(
      Object.entries(entry.depends_on)
        .filter(([name]) => own.has(name))
        .map(([name, { condition }]) => [name, condition]),
    ),
    origin: environment.PORT === undefined ? undefined : `http://127.0.0.1:${environment.PORT}`,
  }
}

/** Folders of a container and those here: volumes are shared by their name, temporary ones are each replica's own. */
function foldersOf(
  { name }: Replica,
  { volumes, tmpfs }: ComposeEntry,
  folder: string,
): readonly (readonly [string, string])[] {
  return [
    ...volumes.map((volume): [string, string] => {
      const [from = '', path = ''] = volume.split(':')
      return [path, join(folder, 'volumes', from)]
    }),
    ...tmpfs.map((mount): [string, string] => {
      const [path = ''] = mount.split(':')
      return [path, join(folder, 'processes', name)]
    }),
  ]
}
