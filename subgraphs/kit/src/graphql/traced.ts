import { SpanKind } from '@opentelemetry/api'
import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql'
import type { SubgraphContext } from '../context.ts'
import { isTracing, withSpan } from '../telemetry.ts'

type Resolver = GraphQLFieldResolver<unknown, SubgraphContext>

function traced(name: string, resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    if (!isTracing()) return resolve(source, args, context, info)
    const settings = { kind: SpanKind.INTERNAL, attributes: { 'movieverse.request_id': context.requestId } }
    return withSpan(name, settings, async (span) => {
      const answer: unknown = resolve(source, args, context, info)
      // The answer of _entities is a list of promises: a span that is recorded lasts until they are settled.
      if (Array.isArray(answer) && span.isRecording()) await Promise.allSettled(answer)
      return answer
    })
  }
}

/** Puts a span around every entry in place: the fields of Query (with `_entities`) and Mutation. */
export function traceResolvers(schema: GraphQLSchema): void {
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      field.resolve = traced(`${root?.name}.${field.name}`, field.resolve ?? defaultFieldResolver)
    }
  }
}
