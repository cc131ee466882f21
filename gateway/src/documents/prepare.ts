import { hash } from 'node:crypto'
import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  specifiedRules,
  type VariableDefinitionNode,
  validate,
} from 'graphql'
import { type Authorise, createAuthorisation, type OperationAuthorisation } from '../auth/authorisation.ts'
import type { Requirements } from '../auth/requirements.ts'
import { type CostCompiler, createCostCompiler, type OperationCost } from '../limits/cost/cost.ts'
import { readCostModel } from '../limits/cost/model.ts'
import { documentRefusal } from '../limits/document.ts'
import type { Limits } from '../limits/settings.ts'
import type { CompiledOperation, Engine, Operation } from '../operation.ts'
import { supergraphDocument } from '../supergraph/read.ts'
import { type Refusal, refusal } from './errors.ts'
import { introspects } from './introspection.ts'
import { parseDocument } from './parse.ts'
import { responseNamesRule } from './response-names.ts'

/** Clients get this many errors of a document; validating stops there. */
const maxValidationErrors = 20

/** An operation with everything about it that does not depend on the request. */
export interface PreparedOperation {
  readonly operation: Operation
  readonly variables: readonly VariableDefinitionNode[]
  readonly introspects: boolean
  /** Null without limits. */
  readonly cost: OperationCost | null
  readonly authorisation: OperationAuthorisation
  /** Compiled forms by clearance; a promise while one is being compiled. */
  readonly compiled: Map<string, CompiledOperation | Promise<CompiledOperation>>
}

/** A document that may run, or why it may not. */
export type PreparedDocument =
  | { readonly operations: readonly PreparedOperation[]; readonly refused?: undefined }
  | { readonly operations?: undefined; readonly refused: Refusal }

export interface PreparationSettings {
  readonly limits: Limits | null
  /** Null: nothing is withheld. */
  readonly requirements: Requirements | null
}

const rules = [...specifiedRules, responseNamesRule]

function operationsOf(document: DocumentNode): OperationDefinitionNode[] {
  return document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
}

/** Makes the preparation of documents for one supergraph: parse, limits, validation, cost, authorisation. */
export function createPreparation(engine: Engine, settings: PreparationSettings) {
  const schema: GraphQLSchema = engine.supergraph.schema
  const { limits, requirements } = settings
  const compileCost: CostCompiler | null =
    limits && createCostCompiler(schema, readCostModel(supergraphDocument(engine.supergraph)))
  const authorise: Authorise = createAuthorisation(schema, requirements ?? new Map())

  return function prepare(text: string): PreparedDocument {
    const document = parseDocument(text, limits?.tokens)
    if ('status' in document) return { refused: document }
    const operations = operationsOf(document)
    const refused = limits && documentRefusal(schema, document, { operations, limits })
    if (refused) return { refused }
    const errors = validate(schema, document, rules, { maxErrors: maxValidationErrors })
    if (errors.length > 0) return { refused: refusal('GRAPHQL_VALIDATION_FAILED', errors) }
    return {
      operations: operations.map((definition) => ({
        operation: {
          document,
          definition,
          type: definition.operation,
          name: definition.name?.value,
          id: hash('sha256', `${definition.name?.value ?? ''}\n${text}`),
        },
        variables: definition.variableDefinitions ?? [],
        introspects: introspects(document, definition),
        cost: compileCost?.(document, definition) ?? null,
        authorisation: authorise(document, definition),
        compiled: new Map(),
      })),
    }
  }
}
