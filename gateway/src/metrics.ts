import { metrics } from '@movieverse/kit/metrics'
import { Counter, Gauge, type Metric } from 'prom-client'
import { PlainHistogram } from './histogram.ts'

/** What the gateway measures of itself; `/metrics` prints it. */
export interface GatewayMetrics {
  readonly inFlight: { inc(): void; dec(): void }
  /** @param type query, mutation, batch, or none when no operation was found */
  request(type: string, status: number, seconds: number): void
  documentLookup(found: boolean): void
  /** A request that was answered with this code without being executed. */
  refusal(code: string): void
}

/** Several gateways of one process (tests) count into the same metric. */
function once<M extends Metric>(name: string, make: () => M): M {
  return (metrics.getSingleMetric(name) as M | undefined) ?? make()
}

const registers = [metrics]

/** What every request counts is counted in plain numbers; prom-client gets them when it prints. */
const counted = { inFlight: 0, found: 0, missed: 0 }

export function createGatewayMetrics(): GatewayMetrics {
  once('movieverse_gateway_requests_in_flight', () => {
    const [name, help] = ['movieverse_gateway_requests_in_flight', 'GraphQL requests being answered']
    return new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(counted.inFlight)
      },
    })
  })
  const requests = once('movieverse_gateway_request_seconds', () => {
    const [name, help] = ['movieverse_gateway_request_seconds', 'Time to answer a GraphQL request']
    const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]
    return new PlainHistogram({ name, help, buckets, labelNames: ['type', 'status'] })
  })
  once('movieverse_gateway_document_lookups_total', () => {
    const [name, help] = ['movieverse_gateway_document_lookups_total', 'Documents found prepared, or not']
    return new Counter({
      name,
      help,
      labelNames: ['found'] as const,
      registers,
      collect() {
        this.reset()
        this.inc({ found: 'yes' }, counted.found)
        this.inc({ found: 'no' }, counted.missed)
      },
    })
  })
  const refusals = once('movieverse_gateway_refusals_total', () => {
    const [name, help] = ['movieverse_gateway_refusals_total', 'Requests answered without execution, by code']
    return new Counter({ name, help, labelNames: ['code'] as const, registers })
  })
  const inFlight = {
    inc() {
      counted.inFlight += 1
    },
    dec() {
      counted.inFlight -= 1
    },
  }
  return {
    inFlight,
    request: (type, status, seconds) => requests.series(type, status).observe(seconds),
    documentLookup(found) {
      if (found) counted.found += 1
      else counted.missed += 1
    },
    refusal: (code) => refusals.labels(code).inc(),
  }
}
