import { type Frame, sharesBy } from '../profile.ts'
import { rounded } from '../report.ts'

/** The part of a page's time that a profiled function belongs to. */
export function partOf({ source, name }: Frame): string {
  if (name === '(garbage collector)') return 'garbage'
  if (/^(gateway\/|ops\/standalone)/.test(source)) return 'gateway'
  if (/node_modules\/(@prisma|@prisma-|decimal)/.test(source) || /generated\//.test(source)) return 'prisma'
  if (source.startsWith('wasm:')) return 'prisma'
  if (/node_modules\/pg/.test(source)) return 'postgresDriver'
  if (/^subgraphs\/|node_modules\/(graphql|type-graphql|dataloader|@apollo|@graphql)/.test(source))
    return 'resolvers'
  if (/^(node:|\(program\))/.test(source)) return 'node'
  // Code that was generated at run time and V8's built-ins have no file: compiled operations, JSON, promises.
  return source.includes('node_modules') ? 'otherPackages' : 'generatedAndBuiltIn'
}

/** Milliseconds a request by part: CPU of Node divided by the profile's shares, and PostgreSQL's own. */
export function timeByPart(
  frames: readonly Frame[],
  nodeMs: number,
  postgresMs: number,
): Record<string, number> {
  const parts = Object.entries(sharesBy(frames, partOf)).map(([part, share]) => [
    `${part}Ms`,
    rounded(share * nodeMs, 3),
  ])
  return { ...Object.fromEntries(parts), postgresMs: rounded(postgresMs, 3) }
}
