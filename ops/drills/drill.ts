/** What `npm run drill -- NAME` is asked for. */
export interface DrillOptions {
  /** `embedded` stands on the built-in PostgreSQL, `engines` on the engines that the environment names. */
  readonly profile: 'embedded' | 'engines'
  /** How many cases (writes, operations, kills …); without it as many as the drill's full size. */
  readonly count: number | undefined
  /** Chooses what is random, so that a failure can be had again. */
  readonly seed: number
  /** Breaks one promise on purpose; the drill must then fail. Its names are the drill's own. */
  readonly mutation: string | undefined
  /** Says what goes on, on stderr. */
  say(text: string): void
}

/** What a drill did and saw. */
export interface DrillOutcome {
  /** Cases that were carried out. */
  readonly n: number
  /** What was counted, by name; printed as it is. */
  readonly counted: Readonly<Record<string, unknown>>
  /** Promises that did not hold, each with what is needed to see it again. Empty: the drill is passed. */
  readonly failures: readonly string[]
}

/** Something done to a running platform, and what must hold afterwards. */
export interface Drill {
  readonly name: string
  /** One line for the list. */
  readonly summary: string
  /** Leaves nothing running and no file behind, also when it rejects. */
  run(options: DrillOptions): Promise<DrillOutcome>
}

/** What was asked of a drill makes no sense; the message says what does. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse'
}
