import { port, readEnv } from '@movieverse/kit/env'
import { z } from 'zod'

const pem = z
  .string()
  .transform((text) => Buffer.from(text, 'base64').toString())
  .refine((text) => text.startsWith('-----BEGIN '), 'is not PEM in base64')
const list = z.string().transform((text) => text.split(',').map((item) => item.trim()))

const settings = z.object({
  /** HTTP, which sends to HTTPS and answers /nginx/healthz. */
  PORT: port.default(8080),
  HTTPS_PORT: port.default(8443),
  /** The port of HTTPS as clients see it. */
  PUBLIC_HTTPS_PORT: port.default(8443),
  HOST: z.string().default('127.0.0.1'),
  /** `host:port`, by commas. */
  GATEWAYS: list,
  /** Folder of the configuration and of what nginx writes. */
  NGINX_DIR: z.string(),
  TLS_CERTIFICATE: pem,
  TLS_KEY: pem,
  /** Requests a second of one address, on average; a burst of twice as many is taken. */
  NGINX_RATE: z.coerce.number().int().positive().default(100),
  /** Connections of one address. */
  NGINX_CONNECTIONS: z.coerce.number().int().positive().default(100),
})

export type NginxSettings = z.output<typeof settings>

/** @throws StartupError BAD_ENVIRONMENT that names every fault */
export const readNginxSettings = (): NginxSettings => readEnv(settings)
