import { parseArgs } from 'node:util'
import { type BenchQuery, queries } from './queries.ts'
import { type Subject, subjects } from './subjects.ts'

/** The options of one run. */
export interface Settings {
  readonly query: BenchQuery
  readonly dedupe: boolean
  readonly starts: number
  readonly rounds: number
  readonly seconds: number
  readonly warmUp: number
  readonly connections: number
  /** After the rounds of each start, a load under the profiler. */
  readonly profile: boolean
  readonly subjects: readonly Subject[]
}

/** @throws RangeError for an unknown option, query or subject */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      query: { type: 'string', default: 'full' },
      dedupe: { type: 'boolean', default: false },
      starts: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '8' },
      'warm-up': { type: 'string', default: '6' },
      connections: { type: 'string', default: '50' },
      subjects: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
  })
  const query = queries[values.query]
  if (query === undefined) throw new RangeError(`--query is one of ${Object.keys(queries).join(', ')}`)
  const all = subjects()
  const wanted = values.subjects?.split(',')
  const unknown = wanted?.filter((name) => !all.some((subject) => subject.name === name)) ?? []
  if (unknown.length > 0)
    throw new RangeError(`--subjects are of ${all.map((subject) => subject.name).join(', ')}`)
  return {
    query,
    dedupe: values.dedupe,
    starts: Number(values.starts),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmUp: Number(values['warm-up']),
    connections: Number(values.connections),
    profile: values.profile,
    subjects: all.filter((subject) => wanted === undefined || wanted.includes(subject.name)),
  }
}
