/** Variables by name; undefined where one is not set. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Thrown for `${NAME:?reason}` without a value. */
export class MissingVariableError extends Error {
  override readonly name = 'MissingVariableError'

  constructor(
    readonly variable: string,
    reason: string,
  ) {
    super(`${variable} is missing${reason ? `: ${reason}` : ''}`)
  }
}

const braced = /^([A-Za-z_]\w*)(?:(:?[-?+])([\s\S]*))?$/

/**
 * Replaces variables as Compose does: `$NAME`, `${NAME}`, `${NAME-default}`, `${NAME?error}`, `${NAME+other}`, the same
 * with a colon for "set and not empty", nested, and `$$` for a dollar
 * (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md).
 * @throws MissingVariableError, SyntaxError for braces that are not closed or no name
 */
export function interpolate(text: string, variables: Variables): string {
  let result = ''
  let at = 0
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    result += text.slice(at, dollar)
    const next = text[dollar + 1]
    if (next === '$') {
      result += '$'
      at = dollar + 2
    } else if (next === '{') {
      const end = closingBrace(text, dollar + 2)
      result += substitute(text.slice(dollar + 2, end), variables)
      at = end + 1
    } else {
      const name = /^[A-Za-z_]\w*/.exec(text.slice(dollar + 1))?.[0]
      if (name === undefined)
        throw new SyntaxError(`"${text}" has a $ that names nothing; write $$ for a dollar`)
      result += variables[name] ?? ''
      at = dollar + 1 + name.length
    }
  }
  return result + text.slice(at)
}

function closingBrace(text: string, from: number): number {
  let open = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) open += 1
    else if (text[at] === '}') open -= 1
    if (open === 0) return at
  }
  throw new SyntaxError(`"${text}" has a brace that is not closed`)
}

function substitute(expression: string, variables: Variables): string {
  const [, name, operator, operand = ''] = braced.exec(expression) ?? []
  if (name === undefined) throw new SyntaxError(`"\${${expression}}" is no variable`)
  const value = variables[name]
  const isThere = value !== undefined && !(operator?.startsWith(':') && value === '')
  switch (operator?.at(-1)) {
    case '-':
      return isThere ? value : interpolate(operand, variables)
    case '+':
      return isThere ? interpolate(operand, variables) : ''
    case '?':
      if (!isThere) throw new MissingVariableError(name, interpolate(operand, variables))
      return value
    default:
      return value ?? ''
  }
}
