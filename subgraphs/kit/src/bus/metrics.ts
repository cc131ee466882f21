import { Counter, Gauge, Histogram } from 'prom-client'

export const busEvents = new Counter({
  name: 'movieverse_bus_events_total',
  help: 'Events that a consumer group has finished, by outcome: done, dead, or ignored (of an unknown type)',
  labelNames: ['group', 'outcome'],
})

export const busFailures = new Counter({
  name: 'movieverse_bus_failures_total',
  help: 'Attempts at events that failed',
  labelNames: ['group'],
})

export const busDelay = new Histogram({
  name: 'movieverse_bus_delay_seconds',
  help: 'From an event to the end of its effect in a consumer group',
  labelNames: ['group'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300],
})

export const busLag = new Gauge({
  name: 'movieverse_bus_lag_events',
  help: 'Events published and not yet done by a consumer group',
  labelNames: ['group'],
})
