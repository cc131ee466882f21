import type { EventOrigin } from '@movieverse/schema/events/contract'
import type { IHeaders, KafkaMessage, Message } from 'kafkajs'
import { reasonOf } from '../../errors.ts'
import type { BusEvent } from '../bus.ts'

/**
 * An event as a Kafka record in CloudEvents' binary content mode: the value is the domain JSON and nothing else, the
 * attributes are headers `ce_…`. `traceparent` and `origin` stand under their own names.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function toMessage(event: BusEvent): Message & { headers: IHeaders } {
  return {
    key: event.key,
    value: JSON.stringify(event.data),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_source: event.source,
      ce_type: event.type,
      ce_subject: event.key,
      ce_time: event.time.toISOString(),
      origin: event.origin,
      ...(event.traceparent ? { traceparent: event.traceparent } : {}),
    },
  }
}

/** What a record holds; `fault` says why it is no event that could be handled. */
export interface ReadMessage {
  readonly event: BusEvent
  readonly fault?: string
}

export interface RecordPlace {
  /** The platform's name. */
  readonly topic: string
  readonly partition: number
}

/** Reads a record of ours or of anybody else. One that is no event becomes one of the type `unreadable` with a fault. */
export function readMessage({ topic, partition }: RecordPlace, message: KafkaMessage): ReadMessage {
  const text = (name: string) => headerText(message.headers, name)
  const id = text('ce_id')
  const type = text('ce_type')
  const time = new Date(text('ce_time') ?? Number(message.timestamp))
  const traceparent = text('traceparent')
  const attributes = {
    id: id ?? `${topic}-${partition}-${message.offset}`,
    source: text('ce_source') ?? '',
    topic,
    key: message.key?.toString() ?? '',
    time: Number.isNaN(time.getTime()) ? new Date(0) : time,
    origin: (text('origin') ?? 'user') as EventOrigin,
    ...(traceparent ? { traceparent } : {}),
  }
  const unreadable = (fault: string): ReadMessage => ({
    event: {
      ...attributes,
      type: 'unreadable',
      data: { type: 'unreadable', text: message.value?.toString() ?? null },
    },
    fault,
  })
  if (id === undefined || type === undefined) return unreadable('The record lacks ce_id or ce_type')
  try {
    const data: unknown = JSON.parse(message.value?.toString() ?? '')
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      return unreadable('The record holds no JSON object')
    }
    return { event: { ...attributes, type, data: data as BusEvent['data'] } }
  } catch (error) {
    return unreadable(`The record holds no JSON: ${reasonOf(error)}`)
  }
}

export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name]
  return value === undefined ? undefined : String(Array.isArray(value) ? value[0] : value)
}
