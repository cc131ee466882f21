import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { reasonOf } from '@movieverse/kit/errors'

/** What a running launcher can be asked to do, by name; each answers what there is to say of it. */
export type Commands = Readonly<Record<string, () => Promise<string>>>

const socketOf = (folder: string) => join(folder, 'control')

/**
 * Takes commands from other processes of this account, by a socket in the folder.
 * @throws Error when another launcher is at work there
 */
export async function openControl(folder: string, commands: Commands): Promise<{ close(): Promise<void> }> {
  const path = socketOf(folder)
  if (existsSync(path)) {
    const other = await sendCommand(folder, 'status').catch(() => undefined)
    if (other !== undefined) throw new Error(`another launcher is at work in ${folder}`)
    // Left behind by one that was killed.
    await rm(path)
  }
  const server = createServer(async (incoming, response) => {
    const name = incoming.url?.slice(1) ?? ''
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    try {
      if (!command) throw new Error(`There is no command ${name}.`)
      response.end(await command())
    } catch (error) {
      response.writeHead(500).end(reasonOf(error))
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

/**
 * Asks the launcher of the folder, however long it takes.
 * @throws Error with its reason, and when there is none
 */
export async function sendCommand(folder: string, name: string): Promise<string> {
  const asking = request({ socketPath: socketOf(folder), path: `/${name}`, method: 'POST' })
  const answer = new Promise<string>((resolve, reject) => {
    asking.once('error', reject)
    asking.once('response', async (response) => {
      const said = await text(response)
      if (response.statusCode === 200) resolve(said)
      else reject(new Error(said))
    })
  })
  asking.end()
  return answer
}
