// The page: GraphiQL with the platform's own operations as tabs. Runs in the browser; bundled by build.mjs.
import { GraphiQL } from 'graphiql'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import 'graphiql/style.css'

const settings = (id) => JSON.parse(document.getElementById(id).textContent)

const workers = settings('workers')
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(workers[label] ?? workers.editor, { type: 'module' }),
}

async function fetcher(parameters, { headers = {} } = {}) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(parameters),
  })
  return response.json()
}

const asked = new URLSearchParams(location.search)
const tabs = asked.has('query')
  ? [{ query: asked.get('query'), variables: asked.get('variables') ?? undefined }]
  : settings('examples')

createRoot(document.getElementById('graphiql')).render(
  createElement(GraphiQL, { fetcher, defaultTabs: tabs, isHeadersEditorEnabled: true }),
)
