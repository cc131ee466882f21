import type { GraphQLLeafType } from 'graphql'
import type { Entity } from '../run.ts'

export type DenialCode = 'UNAUTHENTICATED' | 'FORBIDDEN'

/** Something that the projection could not answer as asked. */
export interface ProjectionFault {
  /** A missing value is no news where a subgraph already reported an error. */
  readonly kind: 'missing' | 'invalid' | 'denied'
  readonly message: string
  readonly code: string
  /** From the field up to the root. */
  readonly reversedPath: (string | number)[]
}

/** What generated code reports to while it projects one answer. */
export class ProjectionState {
  /** Number of faults so far: generated code compares it to see whether a child added one. */
  count = 0
  readonly faults: ProjectionFault[] = []

  constructor(
    readonly data: Entity,
    readonly variables: Readonly<Record<string, unknown>>,
  ) {}

  missing(coordinate: string, segment: string | number): null {
    const message = `Cannot return null for non-nullable field ${coordinate}.`
    return this.#add({ kind: 'missing', message, code: 'INTERNAL_SERVER_ERROR', reversedPath: [segment] })
  }

  invalid(coordinate: string, segment: string | number): null {
    const message = `The service answered ${coordinate} with a value of another type.`
    return this.#add({ kind: 'invalid', message, code: 'DOWNSTREAM_SERVICE_ERROR', reversedPath: [segment] })
  }

  denied(code: DenialCode, segment: string): null {
    const message =
      code === 'UNAUTHENTICATED' ? 'Sign in to read this field.' : 'You are not allowed to read this field.'
    return this.#add({ kind: 'denied', message, code, reversedPath: [segment] })
  }

  /** The faults since `from` happened below this segment. */
  under(from: number, segment: string | number): void {
    for (let index = from; index < this.count; index++) this.faults[index]?.reversedPath.push(segment)
  }

  /** A leaf whose JSON type is not the expected one: coerced as graphql-js would, or null with a fault. */
  leaf(type: GraphQLLeafType, value: unknown, coordinate: string, segment: string | number): unknown {
    try {
      const serialized: unknown = type.serialize(value)
      return serialized ?? null
    } catch {
      return this.invalid(coordinate, segment)
    }
  }

  #add(fault: ProjectionFault): null {
    this.faults.push(fault)
    this.count++
    return null
  }
}
