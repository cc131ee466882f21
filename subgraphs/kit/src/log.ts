import { isSpanContextValid, trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino'
import { redactFields, redactText } from './redaction.ts'

/** Structured log: JSON lines with a service, a request id where there is one, and the trace of the moment. */
export type Log = Logger

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

function redactedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { type, message, stack, code } = stdSerializers.errWithCause(error) as {
    type: string
    message: string
    stack: string
    code?: string
  }
  return { type, message: redactText(message), stack: redactText(stack), ...(code ? { code } : {}) }
}

/** The line's own text: pino takes that of an error that comes without one, as it is. */
function redactLine(args: unknown[]): unknown[] {
  const [first] = args
  const error = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err
  const line = args.length === 1 && error instanceof Error ? [first, error.message] : args
  return line.map((part) => (typeof part === 'string' ? redactText(part) : part))
}

/** Trace and span of the moment, so that a log line leads to its trace. */
function traceFields(): Record<string, string> {
  const context = trace.getActiveSpan()?.spanContext()
  if (!context || !isSpanContextValid(context)) return {}
  return { traceId: context.traceId, spanId: context.spanId }
}

export interface LogSettings {
  /** The process or service that speaks. */
  readonly service: string
  /** Default `info`. */
  readonly level?: LogLevel
  /** Default: standard output, written synchronously so that the last line before a crash is there. */
  readonly destination?: DestinationStream
}

/** Makes the process's log; parts take `log.child({ … })`. Secrets and personal data are redacted by name and by pattern. */
export function createLog({ service, level = 'info', destination }: LogSettings): Log {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      // Not pino's `redact`: its paths cost thirty times what the line does, and reach no further than they are written.
      log: redactFields,
    },
    serializers: { err: redactedError, error: redactedError },
    mixin: traceFields,
    hooks: {
      logMethod(args, method) {
        method.apply(this, redactLine(args) as Parameters<typeof method>)
      },
    },
  }
  const log = pino(options, destination ?? pino.destination({ dest: 1, sync: true }))
  const { child } = log
  // A child's own fields pass no formatter. Children inherit this from the logger they are made of.
  log.child = function redactedChild(this: Log, bindings, childOptions) {
    return child.call(this, redactFields(bindings), childOptions)
  } as typeof child
  return log
}

/** Says nothing: for commands and tests that have their own voice. */
export const silentLog: Log = pino({ level: 'silent' })
