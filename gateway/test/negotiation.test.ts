import { describe, expect, it } from 'vitest'
import { acceptedEncoding, acceptedMediaType, acceptsGzip, prefersHtml } from '../src/http/negotiation.ts'

describe('the media type of an answer', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/graphql-response+json', 'application/graphql-response+json'],
    ['application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json'],
    ['application/graphql-response+json;q=0.5, application/json', 'application/json'],
    [
      'multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json',
      'application/graphql-response+json',
    ],
    ['Application/GraphQL-Response+JSON; charset=utf-8', 'application/graphql-response+json'],
    ['text/html', null],
    ['application/json;q=0', null],
  ])('for "%s" is %s', (accept, expected) => {
    expect(acceptedMediaType(accept)).toBe(expected)
  })
})

describe('the content coding of an answer', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['br;q=0.1, gzip;q=0.8', 'gzip'],
    ['gzip;q=0', null],
    ['*', 'br'],
    ['br;q=0, *;q=0.5', 'gzip'],
    ['identity, gzip;q=0.2', null],
    ['deflate', null],
  ])('for "%s" is %s', (header, expected) => {
    expect(acceptedEncoding(header)).toBe(expected)
  })

  it('is gzip for packed files only where gzip is accepted', () => {
    expect(acceptsGzip('br')).toBe(false)
    expect(acceptsGzip('br, gzip;q=0.1')).toBe(true)
    expect(acceptsGzip('gzip;q=0, *')).toBe(false)
    expect(acceptsGzip(undefined)).toBe(false)
  })
})

describe('the page', () => {
  it('is for those who prefer HTML to JSON', () => {
    expect(prefersHtml('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8')).toBe(true)
    expect(prefersHtml('application/json, text/html;q=0.5')).toBe(false)
    expect(prefersHtml('*/*')).toBe(false)
    expect(prefersHtml(undefined)).toBe(false)
  })
})
