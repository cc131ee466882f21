import { domainToASCII } from 'node:url'
import { codePoints, foldText, hasControls } from '@movieverse/kit/text'
import { type Fault, fault } from './faults.ts'

/** A name in the form that is shown and in the form that is unique. */
export interface Name {
  readonly shown: string
  readonly key: string
}

/** Letters and digits of any script, and `.` `_` `-` after the first character. */
const usernamePattern = /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u
/** What RFC 5321 allows without quotes, and letters of any script (RFC 6531). */
const localPartPattern = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u

/** NFKC takes look-alikes of one letter (full width, ligatures, styled letters) to that letter. */
export function username(text: string): Name | Fault {
  const shown = text.normalize('NFKC')
  const length = codePoints(shown)
  if (length < 3 || length > 30)
    return fault('INVALID_VALUE', 'A user name has 3 to 30 characters.', 'username')
  if (!usernamePattern.test(shown))
    return fault('INVALID_VALUE', 'A user name has letters, digits, “.”, “_” and “-”.', 'username')
  return { shown, key: foldText(shown) }
}

/** The domain's key is its ASCII form (IDNA), so that both spellings of an address are one. */
export function email(text: string): Name | Fault {
  const wrong = fault('INVALID_VALUE', 'This is not an e-mail address.', 'email')
  const shown = text.normalize('NFKC').trim()
  const at = shown.lastIndexOf('@')
  if (at < 1 || shown.length > 254 || hasControls(shown)) return wrong
  const local = shown.slice(0, at)
  const domain = domainToASCII(shown.slice(at + 1))
  if (local.length > 64 || !localPartPattern.test(local)) return wrong
  if (!/^(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(domain))
    return wrong
  const key = `${foldText(local)}@${domain}`
  return key.length > 254 ? wrong : { shown, key }
}

export function isFault(name: Name | Fault): name is Fault {
  return 'code' in name
}
