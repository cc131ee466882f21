import { context, trace } from '@opentelemetry/api'
import { z } from 'zod'
import { type EnvSource, processEnv, readEnv } from './env.ts'
import type { Lifecycle } from './lifecycle.ts'

const settings = z.object({
  /** Where spans are sent by OTLP over HTTP (`/v1/traces` below it); unset, none are made. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
})

/**
 * Registers an OpenTelemetry SDK where the environment says where spans go: they leave in batches, off the requests' way,
 * and the rest of them when the process stops. Which traces are recorded is up to OTEL_TRACES_SAMPLER (default: those whose
 * caller records, and all without one). Otherwise nothing of it is loaded, and spans cost nothing.
 * @param service name of the process in its traces
 * @throws StartupError BAD_ENVIRONMENT
 */
export async function startTracing(
  service: string,
  lifecycle: Lifecycle,
  source: EnvSource = processEnv,
): Promise<void> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = readEnv(settings, source)
  if (endpoint === undefined) return
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }, { AsyncLocalStorageContextManager }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/context-async-hooks'),
    ])
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` })
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'movieverse' }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  })
  // By our own copy of the API: the SDK's is another one (CommonJS), of which tracers made before would never hear.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(provider)
  lifecycle.onStop('traces', async () => {
    await provider.shutdown()
    trace.disable()
    context.disable()
  })
}
