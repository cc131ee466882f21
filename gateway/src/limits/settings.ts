/** What one request may ask for. Each limit is inclusive. */
export interface Limits {
  /** Lexical tokens of a document, counted before it is parsed. */
  readonly tokens: number
  /** Operations of a document. */
  readonly operations: number
  /** Pairs of fields with the same response path in a document: what validation compares, quadratic in what repeats. */
  readonly repetition: number
  /** Nested selections, fragments expanded; introspection counts like everything else. */
  readonly depth: number
  /** Aliased fields, fragments expanded. */
  readonly aliases: number
  /** Fields in all, fragments expanded: what has to be planned. */
  readonly fields: number
  /** Fields at the root, fragments expanded. */
  readonly rootFields: number
  /** Directives on an operation, its selections and its fragments, expanded. */
  readonly directives: number
  /** Requests of a batch. */
  readonly batch: number
  /** Estimated cost (`limits/cost`) of a request; for a batch, of all its requests together. */
  readonly cost: number
  /** Bytes of a body, packed or unpacked. */
  readonly bodyBytes: number
}

/**
 * Room for every page of ours several times over (home, the dearest, costs about 500 of 10,000 and is 5 deep), and for
 * the full introspection query (15 deep); ten times a page's cost is refused before anything is fetched.
 */
export const defaultLimits: Limits = {
  tokens: 4_000,
  operations: 50,
  repetition: 5_000,
  depth: 16,
  aliases: 50,
  fields: 2_000,
  rootFields: 20,
  directives: 50,
  batch: 10,
  cost: 10_000,
  bodyBytes: 256 * 1024,
}

/** Without limits a body still has an end: it is held in memory. */
export const unlimitedBodyBytes = 64 * 1024 * 1024

/** Requests a minute. 0 does not limit. */
export interface Rates {
  /** From one IPv4 address or IPv6 /64, signed in or not. */
  readonly perAddress: number
  /** Of one user, from wherever. */
  readonly perUser: number
  /** Addresses and CIDR blocks that are not counted. */
  readonly exempt: readonly string[]
}

/**
 * A page of ours is one request: these are fifty and twenty pages a second. The machine itself is not counted: what
 * comes from it is an operator's, or a proxy's that should be configured as one.
 */
export const defaultRates: Rates = { perAddress: 3_000, perUser: 1_200, exempt: ['127.0.0.0/8', '::1'] }
