import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { addressSet, createAddresses, normaliseAddress } from '../src/http/addresses.ts'
import { rateKeyOf } from '../src/limits/rates.ts'

function from(peer: string, headers: Record<string, string> = {}): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const request = new IncomingMessage(socket)
  Object.assign(request.headers, headers)
  return request
}

describe('the client address', () => {
  const behindProxies = createAddresses({ trustedProxies: ['10.0.0.0/8', 'fd00::/8'] })

  it('is the peer when the peer is no configured proxy, whatever the headers say', () => {
    const claim = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' }
    expect(createAddresses().clientOf(from('203.0.113.9', claim))).toBe('203.0.113.9')
    expect(behindProxies.clientOf(from('203.0.113.9', claim))).toBe('203.0.113.9')
  })

  it('is the last hop before the proxies that are believed', () => {
    const chain = { 'x-forwarded-for': '6.6.6.6, 198.51.100.7, 10.1.1.1' }
    expect(behindProxies.clientOf(from('10.0.0.2', chain))).toBe('198.51.100.7')
    expect(behindProxies.clientOf(from('::ffff:10.0.0.2', chain))).toBe('198.51.100.7')
    expect(behindProxies.clientOf(from('fd00::1', { 'x-forwarded-for': '[2001:db8::1]:443' }))).toBe(
      '2001:db8::1',
    )
  })

  it('is the proxy itself when its header is no address', () => {
    expect(behindProxies.clientOf(from('10.0.0.2', { 'x-forwarded-for': 'unknown' }))).toBe('10.0.0.2')
    expect(behindProxies.clientOf(from('10.0.0.2'))).toBe('10.0.0.2')
  })

  it('is read from Forwarded only when that is the configured header', () => {
    const both = {
      'x-forwarded-for': '1.1.1.1',
      forwarded: 'for="[2001:db8::2]:80";proto=https, for=10.9.9.9',
    }
    const standard = createAddresses({ trustedProxies: ['10.0.0.0/8'], forwardedHeader: 'forwarded' })
    expect(standard.clientOf(from('10.0.0.2', both))).toBe('2001:db8::2')
    expect(behindProxies.clientOf(from('10.0.0.2', both))).toBe('1.1.1.1')
  })

  it('is normalised', () => {
    expect(normaliseAddress('::FFFF:192.0.2.1')).toBe('192.0.2.1')
    expect(normaliseAddress('192.0.2.1:8080')).toBe('192.0.2.1')
    expect(normaliseAddress('"[2001:db8::1]"')).toBe('2001:db8::1')
    expect(normaliseAddress('example.org')).toBeUndefined()
  })
})

describe('a set of addresses', () => {
  it('holds addresses and blocks of both families', () => {
    const holds = addressSet(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32'])
    expect(holds('192.0.2.200')).toBe(true)
    expect(holds('198.51.100.8')).toBe(false)
    expect(holds('2001:db8:1::9')).toBe(true)
    expect(holds('2001:db9::')).toBe(false)
    expect(holds(undefined)).toBe(false)
  })

  it.each(['example.org', '10.0.0.0/33', '2001:db8::/129', '10.0.0.0/x'])('refuses "%s"', (entry) => {
    expect(() => addressSet([entry])).toThrow(`"${entry}"`)
  })
})

describe('the key by which an address is counted', () => {
  it('is the address for IPv4 and the /64 for IPv6', () => {
    expect(rateKeyOf('192.0.2.1')).toBe('192.0.2.1')
    expect(rateKeyOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
    expect(rateKeyOf('2001:db8:1:2::1')).toBe('2001:db8:1:2::/64')
    expect(rateKeyOf('2001:db8::1')).toBe(rateKeyOf('2001:0db8:0:0:ffff::9'))
    expect(rateKeyOf('::1')).toBe('0:0:0:0::/64')
  })
})
