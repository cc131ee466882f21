import { own } from './codegen.ts'
import type { Run } from './run.ts'
import type { VariableText } from './sender.ts'

/** What a fetch takes from the client's variables. Those that were not given are not sent. */
export function clientVariables(names: readonly string[], { variables }: Run): VariableText[] {
  const texts: VariableText[] = []
  for (const name of names) {
    const value = own(variables, name)
    if (value !== undefined) texts.push([name, JSON.stringify(value)])
  }
  return texts
}
