import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { interpolate, type Variables } from './interpolate.ts'

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
/** Milliseconds of `1m30s`, `500ms`. */
const duration = z
  .string()
  .regex(/^(\d+(ms|s|m|h))+$/)
  .transform((text) => {
    const parts = [...text.matchAll(/(\d+)(ms|s|m|h)/g)]
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0)
  })

const condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully'])
const words = z.array(z.coerce.string())

const entry = z.object({
  profiles: z.array(z.string()).default([]),
  build: z.object({ target: z.string() }).optional(),
  image: z.string().optional(),
  command: words.optional(),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition })).default({}),
  healthcheck: z
    .object({
      test: words,
      interval: duration.default(30_000),
      timeout: duration.default(30_000),
      retries: z.number().default(3),
      start_period: duration.default(0),
      start_interval: duration.default(5_000),
    })
    .optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']).default('no'),
  stop_grace_period: duration.default(10_000),
  deploy: z.object({ replicas: z.number().int().positive().default(1) }).default({ replicas: 1 }),
  expose: words.default([]),
  ports: words.default([]),
  volumes: words.default([]),
  tmpfs: words.default([]),
  networks: z.array(z.string()).default([]),
  /** Our own: a rolling restart sends this signal instead of replacing the process. */
  'x-roll-signal': z.enum(['SIGHUP']).optional(),
})

/** What an entry of the file says, as far as a process can be started by it; durations in milliseconds. */
export type ComposeEntry = z.output<typeof entry>
export type Condition = z.output<typeof condition>

const project = z.object({ name: z.string(), services: z.record(z.string(), entry) })

export interface ComposeProject {
  readonly name: string
  readonly entries: ReadonlyMap<string, ComposeEntry>
}

function interpolateAll(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return interpolate(value, variables)
  if (Array.isArray(value)) return value.map((item) => interpolateAll(item, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, interpolateAll(item, variables)]),
  )
}

/**
 * Reads a compose file with its anchors, merges and variables.
 * @throws MissingVariableError; ZodError for what a process cannot be started by; Error when an entry depends on none
 */
export async function readCompose(file: string, variables: Variables): Promise<ComposeProject> {
  const document: unknown = parse(await readFile(file, 'utf8'), { merge: true })
  const { name } = z.object({ name: z.string() }).parse(document)
  const read = project.parse(interpolateAll(document, { ...variables, COMPOSE_PROJECT_NAME: name }))
  const entries = new Map(Object.entries(read.services))
  for (const [who, { depends_on }] of entries) {
    const missing = Object.keys(depends_on).filter((other) => !entries.has(other))
    if (missing.length > 0)
      throw new Error(`${who} depends on ${missing.join(', ')}, which ${file} does not have`)
  }
  return { name, entries }
}
