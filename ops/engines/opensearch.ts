import type { Engine } from './engine.ts'
import { jarsOf } from './sources/maven.ts'

// Java 23 knows the flag below that lets it use the memory access that later ones refuse.
const jars = jarsOf({ name: 'opensearch', version: '3.5.0', java: 23 })

/** OpenSearch with its k-NN plugin, of which Lucene's engine works (not faiss), without the security plugin. */
export const opensearch: Engine = {
  name: 'opensearch',
  source: jars,
  server: {
    ports: [9, 11],
    stopSignal: 'SIGTERM',
    variables: ({ ports: [port] }) => ({ OPENSEARCH_URL: `http://127.0.0.1:${port}` }),
    async prepare({ folder, ports: [port, transportPort] }) {
      const flags = [
        '-Xmx512m',
        '-XX:+UseSerialGC',
        '--enable-native-access=ALL-UNNAMED',
        '--sun-misc-unsafe-memory-access=allow',
      ]
      const main = ['SingleNode', folder, `${port}`, `${transportPort}`]
      return [{ name: 'server', ...(await jars.command(flags, main)) }]
    },
    async check({ OPENSEARCH_URL = '' }) {
      const url = new URL('/_cluster/health?wait_for_status=yellow&timeout=2s', OPENSEARCH_URL)
      const answer = await fetch(url, { signal: AbortSignal.timeout(5000) })
      if (!answer.ok) throw new Error(`its health is ${answer.status}: ${await answer.text()}`)
    },
  },
}
