import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { publicSchema } from '@movieverse/gateway/supergraph/public-schema'
import { parse } from 'graphql'
import { openStage, type Stage } from '../e2e/stage.ts'
import { type Drill, type DrillOptions, type DrillOutcome, WrongUse } from './drill.ts'
import { createCatalogue } from './fuzz/catalogue.ts'
import { type FuzzRequest, fuzzRequest } from './fuzz/requests.ts'
import { createSender } from './fuzz/send.ts'
import { createValuePool } from './fuzz/values.ts'
import { judge } from './fuzz/verdict.ts'

/** Requests on their way at the same time. */
const atOnce = 8
/** Of a hundred answers, those that may say that something is busy: of a machine that has more to do. */
const mostUnavailable = 1
/** Failures that are printed; all are counted. */
const mostPrinted = 20

/** A module loaded before the platform's, by the name of what it breaks. */
const mutations: Readonly<Record<string, string>> = {
  'throwing-resolver': 'ops/drills/fuzz/throwing-resolver.mjs',
}

/** Random requests, from well-meant to hostile, against a running gateway. */
export const fuzzDrill: Drill = {
  name: 'fuzz',
  summary:
    '10,000 random requests to the gateway: it lives, answers in form and within its limits, never by a bug',
  async run(options) {
    const { profile, mutation } = options
    const preload = mutation === undefined ? undefined : mutations[mutation]
    if (mutation !== undefined && preload === undefined)
      throw new WrongUse(`fuzz knows the mutations ${Object.keys(mutations).join(', ')}.`)
    const settings = preload ? { NODE_OPTIONS: `--import=${resolve(preload)}` } : undefined
    const stage = await openStage({ profile, topology: 'standalone', settings })
    try {
      return await drill(options, stage)
    } finally {
      await stage.close()
    }
  },
}

async function drill({ count = 10_000, seed, say }: DrillOptions, stage: Stage): Promise<DrillOutcome> {
  const schema = publicSchema(parse(await readFile('schema/supergraph.graphql', 'utf8')))
  const pool = createValuePool(seed)
  const catalogue = await createCatalogue(stage)
  const before = await catalogue.filmPage()
  const sender = createSender(new URL(stage.url).origin)
  const failures: string[] = []
  const [kinds, statuses, codes]: Record<string, number>[] = [{}, {}, {}]
  const most = { bytes: 0, milliseconds: 0 }

  async function one(index: number): Promise<void> {
    const fuzz = fuzzRequest({ schema, pool }, { seed, index })
    const reply = await sender.send(fuzz, catalogue.token(fuzz.asker))
    const verdict = judge(schema, fuzz, reply)
    tally(kinds, fuzz.kind)
    tally(statuses, String(reply.status ?? 'none'))
    for (const code of verdict.codes) tally(codes, code)
    most.bytes = Math.max(most.bytes, reply.bytes)
    most.milliseconds = Math.max(most.milliseconds, Math.round(reply.milliseconds))
    for (const problem of verdict.problems) failures.push(described(index, fuzz, problem))
    if (fuzz.plain && fuzz.asker !== 'nobody' && verdict.codes.includes('UNAUTHENTICATED'))
      await catalogue.replace(fuzz.asker)
  }

  let next = 0
  async function worker(): Promise<void> {
    while (next < count) {
      const index = next++
      await one(index)
      if (index % 1000 === 999) say(`${index + 1} requests, ${failures.length} failures`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  sender.close()

  const after = await catalogue.filmPage()
  if (!isDeepStrictEqual(after, before))
    failures.push(`The film page is not what it was: ${JSON.stringify({ before, after })}`)
  const unavailable = statuses?.['503'] ?? 0
  if (unavailable > (count * mostUnavailable) / 100)
    failures.push(`${unavailable} answers have the status 503`)
  const ended = stage.topology.processes.reduce((sum, { restarts }) => sum + restarts, 0)
  if (ended > 0) failures.push(`The process ended ${ended} times:\n${lastWords(stage)}`)
  const total = failures.length
  return {
    n: count,
    counted: { kinds, statuses, codes, most, failed: total },
    failures: failures.slice(0, mostPrinted),
  }
}

function tally(counts: Record<string, number> | undefined, name: string): void {
  if (counts) counts[name] = (counts[name] ?? 0) + 1
}

function described(
  index: number,
  { kind, asker, method, path, headers, body }: FuzzRequest,
  problem: string,
): string {
  const sent = [
    method,
    path.slice(0, 200),
    JSON.stringify(headers).slice(0, 300),
    String(body ?? '').slice(0, 1500),
  ]
  return `${index} (${kind}, ${asker}) ${problem}\n  ${sent.join(' ')}`
}

function lastWords({ topology }: Stage): string {
  return topology.processes.map((process) => process.lastLines()).join('\n')
}
