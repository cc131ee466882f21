import { createLifecycle } from '@movieverse/kit/lifecycle'
import { createLog, silentLog } from '@movieverse/kit/log'
import { isTracing, withSpan } from '@movieverse/kit/telemetry'
import { startSpanReceiver } from '@movieverse/kit/testing/spans'
import { activeTraceparent } from '@movieverse/kit/trace-context'
import { startTracing } from '@movieverse/kit/tracing'
import { expect, test } from 'vitest'

test('spans go where the environment says, under the process’s name, the last of them when it stops', async () => {
  const receiver = await startSpanReceiver()
  const lifecycle = createLifecycle(silentLog)
  await startTracing('shelf', lifecycle, { OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.endpoint}/` })
  const lines: string[] = []
  const log = createLog({ service: 'shelf', destination: { write: (line) => void lines.push(line) } })
  const traceId = await withSpan('outer', {}, async (span) => {
    await withSpan('inner', {}, async () => log.info('at work'))
    expect(activeTraceparent()).toContain(span.spanContext().traceId)
    return span.spanContext().traceId
  })
  expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ msg: 'at work', traceId })
  expect(await lifecycle.stop()).toEqual([])
  const [inner, outer] = receiver.of(traceId)
  expect([inner, outer]).toMatchObject([
    { service: 'shelf', name: 'inner', parentSpanId: outer?.spanId },
    { service: 'shelf', name: 'outer' },
  ])
  await receiver.close()
})

test('without an address nothing is recorded; one that is none is refused', async () => {
  const lifecycle = createLifecycle(silentLog)
  await startTracing('shelf', lifecycle, {})
  expect(isTracing()).toBe(false)
  const wrong = startTracing('shelf', lifecycle, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' })
  await expect(wrong).rejects.toMatchObject({ code: 'BAD_ENVIRONMENT' })
})
