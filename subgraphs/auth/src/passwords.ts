import { serviceUnavailable } from '@movieverse/kit/errors'
import { codePoints, foldText } from '@movieverse/kit/text'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import { commonPasswords } from './common-passwords.ts'
import { type Fault, fault } from './faults.ts'

/** argon2id with what OWASP's password storage cheat sheet asks for at least: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const

export interface PasswordSettings {
  /** Hashes computed at once in this process; the rest of the process keeps its cores and its memory. */
  readonly concurrency: number
  /** Hashes that may wait for their turn before callers are told to come back. */
  readonly waiting: number
}

export interface Passwords {
  /** @throws GraphQLError SERVICE_UNAVAILABLE when too many are waiting */
  hash(password: string): Promise<string>
  /**
   * Takes as long for `null`, an account without a password or no account at all, and answers false.
   * @param admit asked when its turn has come, right before the work: what it throws is thrown
   */
  verify(hashed: string | null, password: string, admit?: () => Promise<void>): Promise<boolean>
  /** Whether the hash was made with other parameters than today's. */
  isOutdated(hashed: string): boolean
}

/** One form for what different keyboards send for the same letters (NIST SP 800-63B §3.1.1.2). */
const prepared = (password: string) => password.normalize('NFKC')

export function createPasswords({ concurrency, waiting }: PasswordSettings): Passwords {
  const turn = createTurns(concurrency, waiting)
  let decoy: Promise<string> | undefined
  const argon2 = (password: string) => hash(prepared(password), parameters)
  return {
    hash: (password) => turn(() => argon2(password)),
    verify: (hashed, password, admit) =>
      turn(async () => {
        await admit?.()
        // The decoy's own text is not known to anyone, and its result is not used.
        decoy ??= argon2(crypto.randomUUID())
        const right = await verify(hashed ?? (await decoy), prepared(password))
        return hashed !== null && right
      }),
    isOutdated: (hashed) => {
      const { memoryCost, timeCost, parallelism } = parseOptions(hashed)
      return (
        memoryCost !== parameters.memoryCost ||
        timeCost !== parameters.timeCost ||
        parallelism !== parameters.parallelism
      )
    },
  }
}

/** Lets so many run at once and so many wait, first come, first served. */
function createTurns(concurrency: number, waiting: number) {
  const queue: (() => void)[] = []
  let running = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= concurrency) {
      if (queue.length >= waiting)
        throw serviceUnavailable('Too many people sign in at the moment; try again.')
      await new Promise<void>((resolve) => queue.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      const next = queue.shift()
      // The turn is handed on, so that nobody slips in between.
      if (next) next()
      else running -= 1
    }
  }
}

/**
 * 10 to 256 characters of any kind, none of the commonest, and not what the person is called.
 * @param field the input field that holds the password
 * @param names user name and e-mail address of the account
 */
export function passwordFault(password: string, field: string, names: readonly string[]): Fault | null {
  const length = codePoints(prepared(password))
  if (length < 10 || length > 256)
    return fault('WEAK_PASSWORD', 'A password has 10 to 256 characters.', field)
  const folded = foldText(password)
  if (commonPasswords.has(folded) || new Set(folded).size === 1)
    return fault('WEAK_PASSWORD', 'This password is among the first that others would try.', field)
  if (names.some((name) => foldText(name) === folded || foldText(name).split('@')[0] === folded))
    return fault('WEAK_PASSWORD', 'A password differs from the user name and the e-mail address.', field)
  return null
}
