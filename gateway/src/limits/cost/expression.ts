/** Coerced variables of a request. */
export type Variables = Readonly<Record<string, unknown>>

/** A number that is known when the document is, or one that depends on the request's variables. */
export type Expression = number | ((variables: Variables) => number)

export function evaluate(expression: Expression, variables: Variables): number {
  return typeof expression === 'number' ? expression : expression(variables)
}

/** Sums what is constant at once; the rest is summed for each request. */
export function sum(terms: readonly Expression[]): Expression {
  let constant = 0
  const variable: ((variables: Variables) => number)[] = []
  for (const term of terms) {
    if (typeof term === 'number') constant += term
    else variable.push(term)
  }
  if (variable.length === 0) return constant
  return (variables) => variable.reduce((total, term) => total + term(variables), constant)
}

export function product(left: Expression, right: Expression): Expression {
  if (left === 0 || right === 0) return 0
  if (left === 1) return right
  if (right === 1) return left
  if (typeof left === 'number' && typeof right === 'number') return left * right
  return (variables) => {
    const factor = evaluate(left, variables)
    // Nothing times Infinity is nothing, where IEEE 754 has NaN.
    return factor === 0 ? 0 : factor * evaluate(right, variables)
  }
}

/** @param condition whether the term counts, for these variables */
export function when(condition: boolean | ((variables: Variables) => boolean), term: Expression): Expression {
  if (typeof condition === 'boolean') return condition ? term : 0
  return (variables) => (condition(variables) ? evaluate(term, variables) : 0)
}

/** Remembers the value for the variables of the moment: fragments in fragments stay linear in evaluation, too. */
export function onceFor(expression: Expression): Expression {
  if (typeof expression === 'number') return expression
  let last: Variables | undefined
  let value = 0
  return (variables) => {
    if (variables !== last) {
      value = expression(variables)
      last = variables
    }
    return value
  }
}
