import { type JobEngine, jobEngines } from '../engines.ts'

/** A worker that takes a job and never finishes it, or tells the queue that it has before it begins. */
const { engine, url, queue, timeoutMs, acknowledgeFirst } = JSON.parse(process.argv[2] ?? '') as {
  engine: JobEngine
  url: string
  queue: string
  timeoutMs: number
  acknowledgeFirst: boolean
}

const jobs = await jobEngines[engine](url)
await jobs.work({
  queue,
  timeoutMs,
  async handle() {
    if (acknowledgeFirst) {
      // Its outcome is written by then; the effect would begin now.
      setTimeout(() => process.send?.('took'), 1000)
    } else {
      process.send?.('took')
      await new Promise(() => {})
    }
  },
})
process.send?.('ready')
