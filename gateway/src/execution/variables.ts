import { own } from './codegen.ts'
import type { Run } from './run.ts'

/** Writes the members of a `variables` object that a fetch takes from the client: `"first":20,"after":null` */
export type VariablesText = (run: Run) => string

export function compileVariables(names: readonly string[]): VariablesText {
  if (names.length === 0) return () => ''
  const members = names.map((name) => ({ name, start: `${JSON.stringify(name)}:` }))
  return ({ variables }) => {
    let text = ''
    for (const { name, start } of members) {
      const value = own(variables, name)
      if (value === undefined) continue
      text += text === '' ? start : `,${start}`
      text += JSON.stringify(value)
    }
    return text
  }
}
