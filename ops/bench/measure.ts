import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { env } from './env.ts'
import type { Program } from './process.ts'

const run = promisify(execFile)

/** Where and what a load generator posts, as fast as answers come. */
export interface Load {
  readonly url: string
  /** Posted in turn. */
  readonly bodies: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
  /** The core of the load generator; this process's own when undefined. */
  readonly core?: number
}

/** What a load generator saw. */
export interface LoadResult {
  readonly rps: number
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Connection faults, time-outs and answers other than 200. */
  readonly errors: number
}

/** A load with what it cost the program that it was put on. */
export interface Measurement extends LoadResult {
  readonly cpuMsPerRequest: number
  readonly rssMb: number
  /** CPU time of the program by wall time: 1 is a core fully used. */
  readonly busy: number
}

/** The generator in use: wrk where it is installed, since it leaves the core to the subgraphs; else autocannon. */
export const generator: 'wrk' | 'autocannon' = onPath('wrk') ? 'wrk' : 'autocannon'

/** Whether a command can be found on PATH. */
export function onPath(command: string): boolean {
  return env.PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch (error) {
      if (error instanceof Error) return false
      throw error
    }
  })
}

/** Puts a load on a program and reads its CPU time and memory before and after. */
export async function measure(program: Program, load: Load): Promise<Measurement> {
  const cpu = program.cpuSeconds()
  const start = performance.now()
  const result = await putLoad(load)
  const wall = (performance.now() - start) / 1000
  const used = program.cpuSeconds() - cpu
  return {
    ...result,
    cpuMsPerRequest: (used * 1000) / result.requests,
    rssMb: program.rssMb(),
    busy: used / wall,
  }
}

/** Posts the bodies over and over on all connections. */
export function putLoad(load: Load): Promise<LoadResult> {
  return generator === 'wrk' ? withWrk(load) : withAutocannon(load)
}

async function withWrk(load: Load): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'movieverse-bench-'))
  try {
    const script = join(folder, 'post.lua')
    await writeFile(script, luaScript(load))
    const wrk = [
      'wrk',
      '-t1',
      `-c${load.connections}`,
      `-d${load.seconds}s`,
      '--timeout',
      '30s',
      '-s',
      script,
      load.url,
    ]
    const [command = 'wrk', ...args] =
      load.core === undefined ? wrk : ['taskset', '-c', String(load.core), ...wrk]
    const { stdout } = await run(command, args)
    const line = /^RESULT (.*)$/m.exec(stdout)?.[1]
    if (line === undefined) throw new Error(`wrk wrote no result:\n${stdout}`)
    const [requests = 0, microseconds = 0, p50 = 0, p99 = 0, errors = 0] = line.split(' ').map(Number)
    return { rps: (requests * 1e6) / microseconds, requests, p50Ms: p50 / 1000, p99Ms: p99 / 1000, errors }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Lua has JSON's escapes for the characters that occur here, so a JSON string is a Lua string. */
function luaScript({ bodies, headers = {} }: Load): string {
  const fields = Object.entries({ 'content-type': 'application/json', ...headers })
  return `wrk.method = "POST"
${fields.map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`).join('\n')}
bodies = {${bodies.map((body) => JSON.stringify(body)).join(',\n')}}
turn = 0
init = function(args)
  for i = 1, #bodies do bodies[i] = wrk.format(nil, nil, nil, bodies[i]) end
end
request = function()
  turn = turn % #bodies + 1
  return bodies[turn]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`
}

async function withAutocannon(load: Load): Promise<LoadResult> {
  const { default: autocannon } = await import('autocannon')
  const result = await autocannon({
    url: load.url,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...load.headers },
    requests: load.bodies.map((body) => ({ body })),
    connections: load.connections,
    duration: load.seconds,
    timeout: 30,
  })
  return {
    rps: result.requests.total / result.duration,
    requests: result.requests.total,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    errors: result.errors + result.timeouts + result.non2xx,
  }
}
