import { parseArgs } from 'node:util'
import { StartupError } from '@movieverse/kit/errors'
import { type GatewaySettings, readGatewaySettings } from './env.ts'
import type { QueryPlannerFactory } from './planning/planner.ts'
import { planners } from './planning/planners.ts'

/** What the gateway's program was asked to do: the command line, over the environment, over the defaults. */
export interface ProgramOptions {
  readonly settings: GatewaySettings
  readonly planner: () => Promise<QueryPlannerFactory>
  readonly limited: boolean
  readonly authenticated: boolean
  /** Equal queries in flight are run once, and equal fetches sent once. */
  readonly dedupe: boolean
}

export const usage = `usage: npm run gateway -- [--supergraph FILE] [--port N] [--host ADDRESS] [--planner hive|apollo]
  [--no-limits] [--no-auth] [--introspection] [--dedupe] [--request-timeout MS]`

const wrong = (message: string) => new StartupError('BAD_ENVIRONMENT', message, usage)

function numberOf(text: string, name: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw wrong(`--${name} must be a whole number, not "${text}".`)
  return value
}

/** @throws StartupError for an option that is unknown or has no such value */
export function readProgramOptions(args: readonly string[]): ProgramOptions {
  const values = (() => {
    try {
      return parseArgs({
        args: [...args],
        options: {
          supergraph: { type: 'string' },
          port: { type: 'string' },
          host: { type: 'string' },
          planner: { type: 'string', default: 'hive' },
          limits: { type: 'boolean', default: true },
          auth: { type: 'boolean', default: true },
          introspection: { type: 'boolean' },
          dedupe: { type: 'boolean', default: false },
          'request-timeout': { type: 'string' },
        },
        allowNegative: true,
      }).values
    } catch (error) {
      throw wrong(error instanceof Error ? error.message : String(error))
    }
  })()
  const planner = planners.get(values.planner)
  if (planner === undefined) throw wrong(`There is no planner "${values.planner}".`)
  const environment = readGatewaySettings()
  const timeout = values['request-timeout']
  return {
    planner,
    limited: values.limits,
    authenticated: values.auth,
    dedupe: values.dedupe,
    settings: {
      ...environment,
      SUPERGRAPH: values.supergraph ?? environment.SUPERGRAPH,
      PORT: values.port === undefined ? environment.PORT : numberOf(values.port, 'port'),
      HOST: values.host ?? environment.HOST,
      INTROSPECTION: values.introspection ?? environment.INTROSPECTION,
      REQUEST_TIMEOUT_MS:
        timeout === undefined ? environment.REQUEST_TIMEOUT_MS : numberOf(timeout, 'request-timeout'),
    },
  }
}
