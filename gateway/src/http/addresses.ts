import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, type Socket } from 'node:net'
import { LRUCache } from 'lru-cache'

/** Header in which the configured proxies write the client's address. Only one is read: a client could forge the other. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded'

export interface AddressSettings {
  /** Proxies that are believed, as addresses or CIDR blocks. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Default `x-forwarded-for`. */
  readonly forwardedHeader?: ForwardedHeader
  /** Addresses or CIDR blocks that are refused. */
  readonly blocked?: readonly string[]
}

export interface Addresses {
  /** The client's address: the peer's, or, when the peer is a configured proxy, the one it vouches for. */
  clientOf(request: IncomingMessage): string | undefined
  isBlocked(address: string | undefined): boolean
}

/** IPv4 addresses that come as IPv6 (`::ffff:10.0.0.1`) are written as IPv4; brackets, quotes and ports are dropped. */
export function normaliseAddress(text: string): string | undefined {
  let address = text.trim().replace(/^"|"$/g, '')
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(address)
  if (bracketed?.[1]) address = bracketed[1]
  else if (/^[\d.]+:\d+$/.test(address)) address = address.slice(0, address.indexOf(':'))
  if (/^::ffff:[\d.]+$/i.test(address)) address = address.slice(7)
  return isIP(address) === 0 ? undefined : address
}

/**
 * A set of addresses and CIDR blocks.
 * @throws TypeError naming the entry that is neither
 */
export function addressSet(entries: readonly string[]): (address: string | undefined) => boolean {
  if (entries.length === 0) return () => false
  const list = new BlockList()
  for (const entry of entries) {
    const [network = '', length] = entry.split('/')
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    const longest = family === 'ipv6' ? 128 : 32
    const prefix = length === undefined ? longest : Number(length)
    if (isIP(network) === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > longest)
      throw new TypeError(`"${entry}" is neither an address nor a CIDR block.`)
    list.addSubnet(network, prefix, family)
  }
  const known = new LRUCache<string, boolean>({ max: 4096 })
  return (address) => {
    if (address === undefined) return false
    const found = known.get(address)
    if (found !== undefined) return found
    const member = list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
    known.set(address, member)
    return member
  }
}

/** The hops that a header names, nearest to the client first (RFC 7239 §4 for `Forwarded`). */
function hops(header: ForwardedHeader, value: string): string[] {
  const parts = value.split(',').map((part) => part.trim())
  if (header === 'x-forwarded-for') return parts
  return parts.map((part) => {
    const pair = part.split(';').find((item) => item.trim().toLowerCase().startsWith('for='))
    return pair === undefined ? '' : pair.trim().slice(4)
  })
}

export function createAddresses(settings: AddressSettings = {}): Addresses {
  const trusted = addressSet(settings.trustedProxies ?? [])
  const isBlocked = addressSet(settings.blocked ?? [])
  const header = settings.forwardedHeader ?? 'x-forwarded-for'
  // A connection carries many requests, and its peer stays the same: asking the system each time costs more than this.
  const peers = new WeakMap<Socket, string>()

  function peerOf(socket: Socket): string | undefined {
    const known = peers.get(socket)
    if (known !== undefined) return known
    const address = socket.remoteAddress === undefined ? undefined : normaliseAddress(socket.remoteAddress)
    if (address !== undefined) peers.set(socket, address)
    return address
  }

  return {
    isBlocked,
    clientOf(request) {
      let address = peerOf(request.socket)
      if (!trusted(address)) return address
      const value = request.headers[header]
      if (value === undefined) return address
      // From the nearest proxy outwards: each hop is believed as long as the one that wrote it is trusted.
      for (const hop of hops(header, Array.isArray(value) ? value.join(',') : value).reverse()) {
        const named = normaliseAddress(hop)
        if (named === undefined) return address
        address = named
        if (!trusted(address)) return address
      }
      return address
    },
  }
}
