import type { Message, Options } from 'amqplib'
import { z } from 'zod'
import { reasonOf } from '../../errors.ts'
import type { DeadJob, Job } from '../jobs.ts'

/** A job as it lies in a queue. */
export interface StoredJob extends Job {
  readonly priority: number
}

/** What is published of a job. */
export interface Outgoing {
  readonly job: StoredJob
  /** Milliseconds before it may be taken. */
  readonly delayMs?: number
  /** Why it is set aside; it goes among the dead. */
  readonly cause?: string
}

/** Attempts are counted here and not by `x-death`: nothing that came with a message is sent on with it. */
const headersForm = z.object({
  attempt: z.int().positive().default(1),
  priority: z.int().min(0).max(9).default(0),
  traceparent: z.string().optional(),
  cause: z.string().optional(),
  failedAt: z.coerce.date().optional(),
  /** RabbitMQ's: how often it was given back or lost with its consumer. */
  'x-delivery-count': z.int().min(0).default(0),
  'x-death': z.array(z.object({ time: z.object({ value: z.number() }) })).optional(),
})

const dataForm = z.record(z.string(), z.json())

/** Headers have 64 KiB in all. */
const longestCause = 4000

export function encode({ job, cause }: Outgoing): { content: Buffer; options: Options.Publish } {
  const { id, data, attempt, priority, traceparent } = job
  const failure =
    cause === undefined ? {} : { cause: cause.slice(0, longestCause), failedAt: new Date().toISOString() }
  return {
    content: Buffer.from(JSON.stringify(data)),
    options: {
      messageId: id,
      contentType: 'application/json',
      persistent: true,
      mandatory: true,
      headers: { attempt, priority, ...(traceparent ? { traceparent } : {}), ...failure },
    },
  }
}

/**
 * Reads a job as it came to its worker.
 * @throws Error when the message is none of ours
 */
export function decode(queue: string, { content, properties }: Message): StoredJob {
  const headers = headersForm.parse(properties.headers ?? {})
  const { priority, traceparent } = headers
  return {
    id: z.string().min(1).parse(properties.messageId),
    queue,
    data: dataForm.parse(JSON.parse(content.toString())),
    attempt: headers.attempt + headers['x-delivery-count'],
    priority,
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}

/** What is known of a message that cannot be read as a job: it is set aside and stays readable there. */
export function unreadable(queue: string, { content, properties }: Message, priority: number): StoredJob {
  const id = typeof properties.messageId === 'string' ? properties.messageId : 'unknown'
  return { id, queue, data: { unreadable: content.toString().slice(0, longestCause) }, attempt: 1, priority }
}

/** Reads a dead job: set aside by its worker, or by the broker at the delivery limit. */
export function decodeDead(queue: string, message: Message): DeadJob & { readonly job: StoredJob } {
  const headers = headersForm.safeParse(message.properties.headers ?? {}).data
  const diedAt = (headers?.['x-death']?.[0]?.time.value ?? 0) * 1000
  const fate = {
    cause: headers?.cause ?? 'Its workers were lost with it too often',
    failedAt: headers?.failedAt ?? new Date(diedAt),
  }
  try {
    // How often it was looked at among the dead is no attempt.
    return { ...fate, job: { ...decode(queue, message), attempt: headers?.attempt ?? 1 } }
  } catch (error) {
    return { ...fate, cause: `Not a job: ${reasonOf(error)}`, job: unreadable(queue, message, 0) }
  }
}
