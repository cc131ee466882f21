import { collectDefaultMetrics, type Registry, register } from 'prom-client'

/** Where every part of a process registers what it measures; `/metrics` prints it. */
export const metrics: Registry = register

/** Adds the process's own figures (CPU, memory, event loop, garbage collection). Once per process. */
export function measureProcess(): void {
  if (metrics.getSingleMetric('process_cpu_user_seconds_total') === undefined)
    collectDefaultMetrics({ register: metrics })
}
