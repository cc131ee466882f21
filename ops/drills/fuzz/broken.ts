import { GraphQLError, Lexer, Source, TokenKind } from 'graphql'
import { pick, type Random } from '../random.ts'

const strangers = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ':',
  '!',
  '$',
  '@',
  '...',
  '=',
  '|',
  '&',
  '#',
  '"',
  '"""',
  'fragment',
  'on',
  'query',
  'mutation',
  'subscription',
  'null',
  'true',
  '__schema',
  '__type',
  '__typename',
  '_entities',
  '_service',
  '@skip',
  '@defer',
  '@stream(initialCount: 1)',
  '@oneOf',
  '$v0',
  '$missing',
  '99999999999999999999',
  '-1',
  '1e400',
  '0x1f',
  '"\\u{110000}"',
  '"\\ud800"',
  '🙂',
  '\u0000',
  '\ufeff',
  '\\',
]

/** A document that is nearly right: up to three of its words are left out, doubled, swapped or strange. */
export function broken(random: Random, query: string): string {
  const words = wordsOf(query)
  const edits = 1 + Math.floor(random() * 3)
  for (let edit = 0; edit < edits && words.length > 0; edit++) {
    const at = Math.floor(random() * words.length)
    const other = Math.floor(random() * words.length)
    const kind = Math.floor(random() * 5)
    if (kind === 0) words.splice(at, 1)
    else if (kind === 1) words.splice(at, 0, words[at] ?? '')
    else if (kind === 2) words.splice(at, 0, pick(random, strangers))
    else if (kind === 3) words[at] = pick(random, strangers)
    else [words[at], words[other]] = [words[other] ?? '', words[at] ?? '']
  }
  return words.join(' ')
}

function wordsOf(query: string): string[] {
  const lexer = new Lexer(new Source(query))
  const words: string[] = []
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance())
      words.push(query.slice(token.start, token.end))
    return words
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    // What cannot be read word by word is broken letter by letter.
    return [...query.slice(0, 2000)]
  }
}
