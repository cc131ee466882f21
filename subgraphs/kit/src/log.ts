import { isSpanContextValid, trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino'

/** Structured log: JSON lines with a service, a request id where there is one, and the trace of the moment. */
export type Log = Logger

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** Names whose values never reach a log: secrets, and what identifies a person. Ids may. */
const secretNames = [
  'password',
  'currentPassword',
  'newPassword',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'identity',
  'secret',
  'privateJwk',
  'email',
  'realName',
  'birthDate',
  'birthday',
]

const redactedPaths = [
  ...secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
  ...['headers', '*.headers'].flatMap((parent) => [
    `${parent}["x-movieverse-identity"]`,
    `${parent}["set-cookie"]`,
  ]),
]

/** What the text of an error may carry along: credentials in a URL, bearer tokens, JWTs, e-mail addresses. */
const secretPatterns: readonly (readonly [RegExp, string])[] = [
  [/(\/\/[^\s/:@]+):[^\s/@]+@/g, '$1:***@'],
  [/\bBearer\s+\S+/gi, 'Bearer ***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***'],
  [/[\w.+-]+@[\w-]+\.[\w.-]+/g, '***@***'],
]

/** @returns the text without credentials and e-mail addresses */
export function redactText(text: string): string {
  let redacted = text
  for (const [pattern, replacement] of secretPatterns) redacted = redacted.replace(pattern, replacement)
  return redacted
}

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
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: '***' },
    serializers: { err: redactedError, error: redactedError },
    mixin: traceFields,
    hooks: {
      logMethod(args, method) {
        method.apply(this, redactLine(args) as Parameters<typeof method>)
      },
    },
  }
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }))
}

/** Says nothing: for commands and tests that have their own voice. */
export const silentLog: Log = pino({ level: 'silent' })
