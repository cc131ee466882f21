import type { ListOptions } from './artifacts.ts'

const keyForm = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/
const prefixForm = /^[a-z0-9._/-]*$/
const longestKey = 200
const mostListed = 1000
const longestLinkMs = 7 * 24 * 60 * 60 * 1000

/** @throws RangeError for what is no key */
export function checkKey(key: string): void {
  if (key.length > longestKey || !keyForm.test(key))
    throw new RangeError(`Not a key of an artifact: ${JSON.stringify(key.slice(0, longestKey))}`)
}

/** @throws RangeError for what no key begins with, or a limit out of bounds */
export function checkList(
  prefix: string,
  { after = '', limit = mostListed }: ListOptions,
): { limit: number } {
  for (const text of [prefix, after]) {
    if (text.length > longestKey || !prefixForm.test(text))
      throw new RangeError(`No key begins with ${JSON.stringify(text.slice(0, longestKey))}`)
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > mostListed)
    throw new RangeError(`A page has 1 to ${mostListed} artifacts, not ${limit}.`)
  return { limit }
}

/** @throws RangeError for a time that a link cannot have */
export function checkLink(key: string, expiresInMs: number): void {
  checkKey(key)
  if (!(expiresInMs >= 1000 && expiresInMs <= longestLinkMs))
    throw new RangeError(`A link lives between a second and seven days, not ${expiresInMs} ms.`)
}
