import { type BusEngine, busEngines } from '../engines.ts'

/** A member of a group that takes events and never finishes one. */
const { engine, url, group, topic } = JSON.parse(process.argv[2] ?? '') as {
  engine: BusEngine
  url: string
  group: string
  topic: string
}

const bus = await busEngines[engine](url)
await bus.subscribe({
  group,
  topics: [topic],
  handle() {
    process.send?.('took')
    return new Promise(() => {})
  },
})
process.send?.('ready')
