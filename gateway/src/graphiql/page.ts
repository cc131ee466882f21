import { Kind, parse } from 'graphql'
import type { TrustedDocuments } from '../documents/trusted.ts'

/** Names of the built files, as build.mjs writes them. */
export interface Manifest {
  readonly script: string
  readonly style: string
  readonly workers: Readonly<Record<string, string>>
}

/** Styles are set from scripts by the editor, hence `unsafe-inline` for them; scripts come from our files only. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** JSON that cannot end the element it stands in. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** What to try an operation's required variables with. */
const sampleValues: Readonly<Record<string, unknown>> = {
  ID: '1',
  String: '',
  Int: 1,
  Float: 1,
  Boolean: true,
}

/** A tab for each known document, with values for the variables that it cannot do without. */
export function exampleTabs({ byId }: TrustedDocuments): { query: string; variables?: string }[] {
  return [...byId.values()].map(({ text }) => {
    const variables: Record<string, unknown> = {}
    for (const definition of parse(text).definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue
      for (const { variable, type, defaultValue } of definition.variableDefinitions ?? []) {
        if (defaultValue || type.kind !== Kind.NON_NULL_TYPE || type.type.kind !== Kind.NAMED_TYPE) continue
        variables[variable.name.value] = sampleValues[type.type.name.value] ?? null
      }
    }
    return Object.keys(variables).length === 0
      ? { query: text.trim() }
      : { query: text.trim(), variables: JSON.stringify(variables, null, 2) }
  })
}

export function pageOf({ script, style, workers }: Manifest, examples: readonly unknown[]): string {
  const urls = Object.fromEntries(Object.entries(workers).map(([name, file]) => [name, `/graphiql/${file}`]))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>MovieVerse GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphiql/${style}">
<style>html,body,#graphiql{height:100%;margin:0}</style>
<script type="application/json" id="workers">${embedded(urls)}</script>
<script type="application/json" id="examples">${embedded(examples)}</script>
<script type="module" src="/graphiql/${script}"></script>
</head>
<body><div id="graphiql"></div></body>
</html>
`
}
