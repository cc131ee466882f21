import { type DocumentNode, parse } from 'graphql'
import type { Supergraph } from '../operation.ts'
import { type Joins, readJoins } from './joins.ts'
import { publicSchema } from './public-schema.ts'

interface Reading {
  readonly document: DocumentNode
  readonly joins: Joins
}

const readings = new WeakMap<Supergraph, Reading>()

/**
 * Reads what a composer wrote (Federation 2, join specification 0.1 to 0.5).
 * @throws GraphQLError when the text is not GraphQL, TypeError when it names no subgraph or no query type
 */
export function readSupergraph(sdl: string): Supergraph {
  const document = parse(sdl, { noLocation: true })
  const joins = readJoins(document)
  if (joins.subgraphs.size === 0) {
    throw new TypeError('The supergraph names no subgraph: is it the output of a Federation 2 composition?')
  }
  const schema = publicSchema(document)
  if (!schema.getQueryType()) throw new TypeError('The supergraph has no query type.')
  const supergraph: Supergraph = { sdl, schema, subgraphs: joins.subgraphs }
  readings.set(supergraph, { document, joins })
  return supergraph
}

function reading(supergraph: Supergraph): Reading {
  let known = readings.get(supergraph)
  if (!known) {
    const document = parse(supergraph.sdl, { noLocation: true })
    known = { document, joins: readJoins(document) }
    readings.set(supergraph, known)
  }
  return known
}

/** The supergraph's own document, with join, authorisation and cost directives. Parsed once. */
export function supergraphDocument(supergraph: Supergraph): DocumentNode {
  return reading(supergraph).document
}

/** How the subgraphs were joined. Read once. */
export function supergraphJoins(supergraph: Supergraph): Joins {
  return reading(supergraph).joins
}
