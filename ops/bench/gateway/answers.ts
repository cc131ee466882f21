import { isDeepStrictEqual } from 'node:util'
import type { Program } from '../process.ts'
import { say } from '../report.ts'
import type { BenchQuery } from './queries.ts'
import type { Subject } from './subjects.ts'

/** A started gateway and how its clients ask it. */
export interface Contender {
  readonly subject: Subject
  readonly program: Program
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Where its inspector will listen once asked to, when it is to be profiled. */
  readonly inspectorPort: number | undefined
}

/**
 * Asks each contender twice, so that the second answer comes from its caches.
 * @returns the requests that reached the subgraphs for the second answer, by name
 * @throws Error when an answer has errors, another weight than the query promises, or differs from the first one's
 */
export async function compareAnswers(
  contenders: readonly Contender[],
  { query, bytes }: BenchQuery,
  origin: string,
) {
  const fetches = new Map<string, number>()
  let expected: unknown
  for (const { subject, url, headers } of contenders) {
    await post(url, query, headers).then((response) => response.arrayBuffer())
    const before = await fetchCount(origin)
    const text = await post(url, query, headers).then((response) => response.text())
    fetches.set(subject.name, (await fetchCount(origin)) - before)
    const answer: unknown = JSON.parse(text)
    const weight = Buffer.byteLength(text)
    say(`${subject.name} answers ${weight} bytes after ${fetches.get(subject.name)} fetches`)
    if (typeof answer !== 'object' || answer === null || 'errors' in answer)
      throw new Error(`${subject.name} answers with errors: ${text.slice(0, 500)}`)
    if (weight < bytes[0] || weight > bytes[1]) throw new Error(`${subject.name} answers ${weight} bytes`)
    const data = 'data' in answer ? answer.data : undefined
    expected ??= data
    if (!isDeepStrictEqual(data, expected)) throw new Error(`${subject.name} answers something else`)
  }
  return fetches
}

function post(url: string, query: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = JSON.stringify({ query })
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
}

/** Whether the address answers 200. */
export async function answers(
  url: string,
  query?: string,
  headers?: Readonly<Record<string, string>>,
): Promise<boolean> {
  const response = await (query === undefined ? fetch(url) : post(url, query, headers)).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.status === 200
}

/** How many requests the subgraphs have answered so far. */
async function fetchCount(origin: string): Promise<number> {
  const body: unknown = await fetch(`${origin}/count`).then((response) => response.json())
  return typeof body === 'object' && body !== null && 'count' in body ? Number(body.count) : Number.NaN
}
