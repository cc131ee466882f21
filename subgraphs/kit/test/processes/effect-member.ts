import { openEffects } from '../effects.ts'
import { type BusEngine, busEngines } from '../engines.ts'

/**
 * A member of a group whose effects stand in a database. With `early` it is wrong on purpose: it says that an event is done
 * before it is, so that the offset is committed before the effect.
 */
const { engine, busUrl, url, group, topic, early } = JSON.parse(process.argv[2] ?? '') as {
  engine: BusEngine
  busUrl: string
  url: string
  group: string
  topic: string
  early: boolean
}

const effect = (await openEffects(url)).of(group)
let queue = Promise.resolve()

const bus = await busEngines[engine](busUrl)
await bus.subscribe({
  group,
  topics: [topic],
  async handle(event, signal) {
    const done = async () => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      await effect(event, signal)
    }
    if (!early) return done()
    queue = queue.then(done)
  },
})
process.send?.('ready')
