import type { EventBus } from './bus/bus.ts'
import type { JobQueue } from './jobs/jobs.ts'
import type { Log } from './log.ts'
import type { Subgraph } from './subgraph.ts'

export interface HostingDependencies {
  readonly bus: EventBus
  readonly jobs: JobQueue
  readonly log: Log
}

/** A subgraph at work. */
export interface HostedSubgraph {
  /** Stops what was started, in reverse order, each even if another fails, and closes the stores. */
  close(): Promise<void>
}

/**
 * Starts what a subgraph does beside answering: its background parts, then its consumers and workers.
 * @throws what a part throws that cannot start; those before it are stopped again
 */
export async function hostSubgraph(
  subgraph: Subgraph,
  { bus, jobs, log }: HostingDependencies,
): Promise<HostedSubgraph> {
  const stops: { readonly part: string; readonly stop: () => Promise<void> }[] = [
    { part: 'stores', stop: () => subgraph.close() },
  ]
  const close = async () => {
    const failures: unknown[] = []
    for (const { part, stop } of stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (error) {
        log.error({ err: error, subgraph: subgraph.name, part }, 'a part of a subgraph did not stop cleanly')
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${subgraph.name} did not stop cleanly`)
  }
  try {
    for (const part of subgraph.background) {
      await part.start()
      stops.push({ part: part.name, stop: () => part.stop() })
    }
    for (const consumer of subgraph.consumers) {
      const subscription = await bus.subscribe(consumer)
      stops.push({ part: consumer.group, stop: () => subscription.close() })
    }
    for (const worker of subgraph.workers) {
      const work = await jobs.work(worker)
      stops.push({ part: worker.queue, stop: () => work.close() })
    }
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}
