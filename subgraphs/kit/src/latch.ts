/** Wakes one waiting loop; a raise that comes while nobody waits is kept for the next wait. */
export interface Latch {
  raise(): void
  /** Resolved by a raise since the last wait, or after `ms`. Never rejects. */
  wait(ms: number): Promise<void>
}

export function createLatch(): Latch {
  let raised = false
  let release: (() => void) | undefined
  return {
    raise() {
      raised = true
      release?.()
    },
    async wait(ms) {
      if (!raised) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms)
          release = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        release = undefined
      }
      raised = false
    },
  }
}

/** Milliseconds to wait before the try after `failures` failures: doubling from `baseMs` to `maxMs`, the last fifth random. */
export function backOff(failures: number, baseMs: number, maxMs: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.max(0, failures - 1))
  return full * (0.8 + 0.2 * Math.random())
}
