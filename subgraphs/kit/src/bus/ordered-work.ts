/** One thing to do after all earlier ones of its chain. */
export interface Task {
  /** Tasks of one chain run one after the other, in the order in which they were added. */
  readonly chain: string
  /**
   * Never rejects.
   * @returns milliseconds after which it wants to run again, its chain waiting for it; undefined when it is finished
   */
  run(): Promise<number | undefined>
}

/** Runs tasks, many chains at once, each chain in order. A chain that waits for another try takes no place. */
export interface OrderedWork {
  add(task: Task): void
  /** Added and not finished. */
  readonly size: number
  /** Starts nothing more, ever, and resolves when what runs has settled; waiting tasks are dropped. */
  stop(): Promise<void>
}

export function createOrderedWork(concurrency: number): OrderedWork {
  const chains = new Map<string, Task[]>()
  let ready: string[] = []
  let head = 0
  const waiting = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<void>>()
  let size = 0
  let stopped = false

  function makeReady(chain: string): void {
    ready.push(chain)
    startMore()
  }

  async function runFirst(chain: string): Promise<void> {
    const tasks = chains.get(chain)
    const task = tasks?.[0]
    if (!tasks || !task) return
    const again = await task.run()
    if (again !== undefined && !stopped) {
      const timer = setTimeout(() => {
        waiting.delete(timer)
        makeReady(chain)
      }, again)
      waiting.add(timer)
      return
    }
    tasks.shift()
    size -= 1
    if (tasks.length === 0) chains.delete(chain)
    else ready.push(chain)
  }

  function startMore(): void {
    while (!stopped && running.size < concurrency && head < ready.length) {
      const chain = ready[head]
      head += 1
      // Compacted now and then: shifting each time would cost the list's length.
      if (head === ready.length || head > 1024) {
        ready = ready.slice(head)
        head = 0
      }
      if (chain === undefined) continue
      const run = runFirst(chain).finally(() => {
        running.delete(run)
        startMore()
      })
      running.add(run)
    }
  }

  return {
    add(task) {
      size += 1
      const tasks = chains.get(task.chain)
      if (tasks) {
        tasks.push(task)
        return
      }
      chains.set(task.chain, [task])
      makeReady(task.chain)
    },
    get size() {
      return size
    },
    async stop() {
      stopped = true
      for (const timer of waiting) clearTimeout(timer)
      await Promise.all(running)
    },
  }
}
