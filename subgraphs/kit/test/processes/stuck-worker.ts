import { type JobEngine, jobEngines } from '../engines.ts'

/** A worker that takes a job and never finishes it. */
const { engine, url, queue, timeoutMs } = JSON.parse(process.argv[2] ?? '') as {
  engine: JobEngine
  url: string
  queue: string
  timeoutMs: number
}

const jobs = await jobEngines[engine](url)
await jobs.work({
  queue,
  timeoutMs,
  handle() {
    process.send?.('took')
    return new Promise(() => {})
  },
})
process.send?.('ready')
