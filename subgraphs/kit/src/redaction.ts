/** Names whose values never reach a log, whatever their case and hyphens: secrets, and what identifies a person. Ids may. */
const secretNames = new Set([
  'password',
  'currentpassword',
  'newpassword',
  'passwordhash',
  'token',
  'accesstoken',
  'refreshtoken',
  'authorization',
  'cookie',
  'setcookie',
  'identity',
  'xmovieverseidentity',
  'secret',
  'privatejwk',
  'email',
  'realname',
  'birthdate',
  'birthday',
])

/** What the text of an error may carry along: credentials in a URL, bearer tokens, JWTs, e-mail addresses. */
const secretPatterns: readonly (readonly [mark: string, pattern: RegExp, replacement: string])[] = [
  ['//', /(\/\/[^\s/:@]+):[^\s/@]+@/g, '$1:***@'],
  ['earer', /\bBearer\s+\S+/gi, 'Bearer ***'],
  ['eyJ', /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***'],
  ['@', /[\w.+-]+@[\w-]+\.[\w.-]+/g, '***@***'],
]

/** @returns the text without credentials and e-mail addresses */
export function redactText(text: string): string {
  let redacted = text
  for (const [mark, pattern, replacement] of secretPatterns) {
    if (redacted.includes(mark)) redacted = redacted.replace(pattern, replacement)
  }
  return redacted
}

const isSecretByName = new Map<string, boolean>()

function isSecret(name: string): boolean {
  let secret = isSecretByName.get(name)
  if (secret === undefined) {
    secret = secretNames.has(name.toLowerCase().replaceAll(/[-_]/g, ''))
    // Names come from our own code; a flood of them (a map logged by its keys) is not kept.
    if (isSecretByName.size < 1000) isSecretByName.set(name, secret)
  }
  return secret
}

/** Objects within objects that are looked into; what lies deeper is not logged. */
const deepest = 5

/** @returns the fields without secrets: a copy where there are any, the same object otherwise. Errors are left to their serializer. */
export function redactFields<Fields extends object>(fields: Fields, depth = 0): Fields {
  if (depth === deepest) return {} as Fields
  let copy: Fields | undefined
  for (const [name, value] of Object.entries(fields)) {
    const redacted: unknown = isSecret(name) && value != null ? '***' : redactValue(value, depth)
    if (redacted === value) continue
    copy ??= (Array.isArray(fields) ? [...fields] : { ...fields }) as Fields
    Object.assign(copy, { [name]: redacted })
  }
  return copy ?? fields
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date)
    return value
  return redactFields(value, depth + 1)
}
