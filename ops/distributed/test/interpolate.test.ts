// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the compose file’s own

import { describe, expect, test } from 'vitest'
import { interpolate, MissingVariableError } from '../interpolate.ts'

const variables = { NAME: 'ada', EMPTY: '' }

describe('a variable of a compose file', () => {
  test.each([
    ['$NAME and ${NAME}', 'ada and ada'],
    ['$$NAME costs $$5', '$NAME costs $5'],
    ['${MISSING}|${MISSING-default}|${MISSING:-default}', '|default|default'],
    ['${EMPTY-default}|${EMPTY:-default}', '|default'],
    ['${NAME:-default}|${NAME-default}', 'ada|ada'],
    ['${NAME+set}|${EMPTY+set}|${EMPTY:+set}|${MISSING+set}', 'set|set||'],
    ['${MISSING-a:${NAME}@${EMPTY:-b}:${MISSING-c}}!', 'a:ada@b:c!'],
    ['${NAME:?is needed}', 'ada'],
    ['no variable at all', 'no variable at all'],
  ])('%s', (text, result) => {
    expect(interpolate(text, variables)).toBe(result)
  })

  test('that must be set is asked for, with the reason; also deep within a default that is needed', () => {
    expect(() => interpolate('${MISSING:?npm run secrets}', variables)).toThrow(MissingVariableError)
    expect(() => interpolate('${MISSING:?npm run secrets}', variables)).toThrow(
      'MISSING is missing: npm run secrets',
    )
    expect(() => interpolate('${OTHER-x${EMPTY:?}}', variables)).toThrow('EMPTY is missing')
    expect(interpolate('${NAME-x${EMPTY:?}}', variables)).toBe('ada')
  })

  test.each(['${NAME', 'a $ alone', '${}', '${NAME/x}'])('"%s" is refused', (text) => {
    expect(() => interpolate(text, variables)).toThrow(SyntaxError)
  })
})
