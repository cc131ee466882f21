import { freePort } from '@movieverse/kit/ports'
import { serviceNames } from '../../standalone/subgraphs.ts'
import { NODE_FLAGS, programFile } from '../platform.ts'
import { type Program, startProgram, untilReady } from '../process.ts'

/** The platform with a process for each service and one for the gateway. */
export interface Distributed {
  readonly url: string
  readonly gateway: Program
  readonly services: ReadonlyMap<string, Program>
}

/**
 * Starts every service and the gateway as processes of their own, on a data folder whose PostgreSQL another one runs.
 * @param where.started gets each program as it is started; who gave it stops them
 */
export async function startDistributed(
  dataFolder: string,
  { core, started }: { readonly core: number; readonly started: Program[] },
): Promise<Distributed> {
  const ports = new Map<string, number>()
  for (const name of [...serviceNames, 'gateway']) ports.set(name, await freePort())
  const addresses = serviceNames.map((name) => [
    `SUBGRAPH_URL_${name.toUpperCase()}`,
    `http://127.0.0.1:${ports.get(name)}/graphql`,
  ])
  const start = async (name: string, file: string, flags: readonly string[]) => {
    const port = ports.get(name)
    const environment = { ...Object.fromEntries(addresses), DATA_DIR: dataFolder, PORT: String(port) }
    const args = [...flags, programFile(file)]
    const program = startProgram({ command: process.execPath, args, core, environment })
    started.push(program)
    await untilReady(program, async () => (await status(`http://127.0.0.1:${port}/readyz`)) === 200, 90)
    return program
  }
  const services = new Map<string, Program>()
  for (const name of serviceNames)
    services.set(name, await start(name, `service-${name}`, ['--enable-source-maps']))
  const gateway = await start('gateway', 'gateway', NODE_FLAGS.gateway)
  return { url: `http://127.0.0.1:${ports.get('gateway')}/graphql`, gateway, services }
}

/** 0 while nobody listens. */
async function status(url: string): Promise<number> {
  const response = await fetch(url).catch(() => undefined)
  await response?.body?.cancel()
  return response?.status ?? 0
}
