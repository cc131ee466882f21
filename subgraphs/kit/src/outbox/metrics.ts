import { Counter, Gauge } from 'prom-client'

/** Events that a service has committed and its relay has not published yet. */
export const outboxPending = new Gauge({
  name: 'movieverse_outbox_pending_events',
  help: 'Committed events that have not left the outbox',
  labelNames: ['service'],
})

export const outboxOldestSeconds = new Gauge({
  name: 'movieverse_outbox_oldest_seconds',
  help: 'Age of the oldest event that has not left the outbox',
  labelNames: ['service'],
})

export const outboxPublished = new Counter({
  name: 'movieverse_outbox_published_total',
  help: 'Events that the relay has published',
  labelNames: ['service'],
})

export const outboxFailures = new Counter({
  name: 'movieverse_outbox_failures_total',
  help: 'Tries of the relay that failed and were repeated',
  labelNames: ['service'],
})
