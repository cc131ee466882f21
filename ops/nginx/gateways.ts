import { lookup } from 'node:dns/promises'

/** `address:port` for each `host:port` that has an address at present, in order. */
export async function resolveGateways(gateways: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    gateways.map(async (gateway) => {
      const { hostname, port } = new URL(`http://${gateway}`)
      // A container that is down has no name.
      const addresses = await lookup(hostname, { family: 4, all: true }).catch(() => [])
      return addresses.map(({ address }) => `${address}:${port || 80}`)
    }),
  )
  return found.flat()
}
