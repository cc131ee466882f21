export interface CircuitSettings {
  /** Failures in a row that open the circuit. */
  readonly consecutiveFailures: number
  /** Share of failures (0 to 1) that opens it, once a window has seen `minimumFetches`. */
  readonly failureRate: number
  readonly minimumFetches: number
  /** Length of a window of the rate, in milliseconds. */
  readonly windowMs: number
  /** How long an open circuit refuses before it lets one fetch through to try, in milliseconds. */
  readonly openMs: number
}

export const defaultCircuit: CircuitSettings = {
  consecutiveFailures: 10,
  failureRate: 0.5,
  minimumFetches: 40,
  windowMs: 10_000,
  openMs: 5_000,
}

export type CircuitState =
  | { readonly phase: 'closed'; readonly consecutiveFailures: number }
  /** Refuses until `retryAt` (milliseconds since the epoch). */
  | { readonly phase: 'open'; readonly retryAt: number; readonly reason: string }
  /** One fetch is under way to try; the others are refused. */
  | { readonly phase: 'half-open'; readonly reason: string }

export interface CircuitSurroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Told when the circuit opens, and when it closes again. */
  readonly onChange: (state: CircuitState) => void
}

/** Decides whether a subgraph that keeps failing is asked at all. */
export class Circuit {
  #state: CircuitState = { phase: 'closed', consecutiveFailures: 0 }
  #windowEnds = 0
  #seen = 0
  #failed = 0

  readonly #settings: CircuitSettings
  readonly #now: () => number
  readonly #onChange: (state: CircuitState) => void

  constructor(
    settings: CircuitSettings,
    { now = Date.now, onChange = () => undefined }: Partial<CircuitSurroundings> = {},
  ) {
    this.#settings = settings
    this.#now = now
    this.#onChange = onChange
  }

  get state(): CircuitState {
    return this.#state
  }

  /** True when a fetch may be sent now; it must be followed by `succeeded`, `failed` or `abandoned`. */
  admits(): boolean {
    if (this.#state.phase === 'closed') return true
    if (this.#state.phase === 'half-open' || this.#now() < this.#state.retryAt) return false
    this.#state = { phase: 'half-open', reason: this.#state.reason }
    return true
  }

  succeeded(): void {
    if (this.#state.phase === 'closed') {
      if (this.#state.consecutiveFailures > 0) this.#close()
      this.#count(false)
    } else if (this.#state.phase === 'half-open') {
      this.#close()
      this.#onChange(this.#state)
    }
  }

  failed(reason: string): void {
    const { consecutiveFailures, minimumFetches, failureRate } = this.#settings
    if (this.#state.phase === 'half-open') this.#open(reason)
    // What was sent before the circuit opened may still fail.
    if (this.#state.phase !== 'closed') return
    const inARow = this.#state.consecutiveFailures + 1
    this.#count(true)
    const often = this.#seen >= minimumFetches && this.#failed / this.#seen >= failureRate
    if (inARow >= consecutiveFailures || often) this.#open(reason)
    else this.#state = { phase: 'closed', consecutiveFailures: inARow }
  }

  /** The fetch ended in a way that says nothing of the subgraph. */
  abandoned(): void {
    if (this.#state.phase === 'half-open')
      this.#state = { phase: 'open', retryAt: this.#now(), reason: this.#state.reason }
  }

  #open(reason: string): void {
    const isNews = this.#state.phase === 'closed'
    this.#state = { phase: 'open', retryAt: this.#now() + this.#settings.openMs, reason }
    if (isNews) this.#onChange(this.#state)
  }

  #close(): void {
    this.#state = { phase: 'closed', consecutiveFailures: 0 }
  }

  #count(failure: boolean): void {
    // A clock reading for every fetch would cost more than the count: windows end with failures only.
    if (failure && this.#now() >= this.#windowEnds) {
      this.#windowEnds = this.#now() + this.#settings.windowMs
      this.#seen = 0
      this.#failed = 0
    }
    this.#seen++
    if (failure) this.#failed++
  }
}
