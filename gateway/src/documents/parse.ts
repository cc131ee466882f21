import { type DocumentNode, GraphQLError, Lexer, parse, Source, TokenKind } from 'graphql'
import { type Refusal, refusal } from './errors.ts'

/** Counts the lexical tokens of a text up to its end or its first lexical error. */
function countTokens(text: string): number {
  const lexer = new Lexer(new Source(text))
  let count = 0
  try {
    while (lexer.advance().kind !== TokenKind.EOF) count += 1
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
  }
  return count
}

/**
 * Parses a document, stopping at `maxTokens`.
 * @returns the document, or why there is none (GRAPHQL_PARSE_FAILED, TOKEN_LIMIT_EXCEEDED)
 */
export function parseDocument(text: string, maxTokens: number | undefined): DocumentNode | Refusal {
  try {
    return parse(text, { maxTokens })
  } catch (error) {
    if (error instanceof GraphQLError) {
      if (maxTokens !== undefined && error.message.includes('Parsing aborted')) {
        const found = countTokens(text)
        const message = `The document has ${found} tokens; at most ${maxTokens} are allowed.`
        return refusal('TOKEN_LIMIT_EXCEEDED', [message], { limit: maxTokens, found })
      }
      return refusal('GRAPHQL_PARSE_FAILED', [error])
    }
    // graphql's parser is recursive: without a token limit a deep enough document exhausts the stack.
    if (error instanceof RangeError)
      return refusal('GRAPHQL_PARSE_FAILED', ['The document is nested too deeply.'])
    throw error
  }
}
