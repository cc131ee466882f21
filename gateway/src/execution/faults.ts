import { type SubgraphError, TransportError } from '../transport/transport.ts'
import type { Fault, ResponsePath, Run } from './run.ts'

const NOT_FOR_CLIENTS = new Set(['stacktrace', 'exception', 'serviceName', 'service'])

/** Extensions of a subgraph's error as clients get them: the code kept, the service named, no stack. */
function extensionsOf(error: SubgraphError, service: string): Readonly<Record<string, unknown>> {
  const kept: Record<string, unknown> = { code: 'DOWNSTREAM_SERVICE_ERROR' }
  for (const [name, value] of Object.entries(error.extensions ?? {})) {
    if (!NOT_FOR_CLIENTS.has(name)) kept[name] = value
  }
  kept.serviceName = service
  return kept
}

/** Records one error of a subgraph at each of these paths; without a path when there is none. */
export function recordError(
  run: Run,
  service: string,
  error: SubgraphError,
  paths: readonly ResponsePath[],
): void {
  const { message } = error
  const extensions = extensionsOf(error, service)
  if (paths.length === 0) run.faults.push({ message, path: undefined, extensions })
  for (const path of paths) run.faults.push({ message, path, extensions })
}

/** Records that a fetch gave nothing at all. */
export function recordFailure(
  run: Run,
  service: string,
  error: unknown,
  paths: readonly ResponsePath[],
): void {
  const fault = failureOf(error, service)
  for (const path of paths.length > 0 ? paths : [undefined]) run.faults.push({ ...fault, path })
}

function failureOf(error: unknown, service: string): Omit<Fault, 'path'> {
  if (error instanceof TransportError) {
    const status = error.status === undefined ? {} : { http: { status: error.status } }
    return { message: error.message, extensions: { code: error.code, serviceName: service, ...status } }
  }
  return {
    message: 'The fetch failed.',
    extensions: { code: 'INTERNAL_SERVER_ERROR', serviceName: service },
  }
}

/** Response keys of an error's path as the client knows them. */
export function renamedPath(path: ResponsePath, names: ReadonlyMap<string, string>): ResponsePath {
  if (names.size === 0) return path
  return path.map((segment) => (typeof segment === 'string' ? (names.get(segment) ?? segment) : segment))
}
