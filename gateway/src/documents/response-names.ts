import { type ASTVisitor, GraphQLError, type ValidationContext } from 'graphql'

/**
 * Refuses the one name under which a JavaScript object keeps no value: it would set the prototype of the answer, here or
 * at whoever reads it. No schema can have a field of this name (GraphQL specification §3.3.2), so only an alias could ask for it.
 */
export function responseNamesRule(context: ValidationContext): ASTVisitor {
  return {
    Field({ alias }) {
      if (alias?.value === '__proto__')
        context.reportError(new GraphQLError('An answer cannot have a field "__proto__".', { nodes: alias }))
    },
  }
}
