import type { Stage } from '../../e2e/stage.ts'
import type { Asked } from '../questions.ts'
import type { AcknowledgedReview } from '../reviewers.ts'
import type { Kind } from '../traffic.ts'
import type { Clock } from './clocks.ts'

/** What a fault is done to. */
export interface Scene {
  readonly stage: Stage
  readonly profile: 'embedded' | 'engines'
  /** Every review that was acknowledged so far; grows. */
  readonly acknowledged: readonly AcknowledgedReview[]
  readonly film: string
  readonly onTry: (asked: Asked) => void
  /** Of the process whose clock can be set. */
  readonly clock: Clock
}

/** What goes wrong while a platform runs. */
export interface Fault {
  readonly name: string
  /** Seconds after which it shows, when it takes longer than a drill is asked for. */
  readonly leastSeconds?: number
  /** What is answered as if nothing were wrong. All else gets a coded error, and in time. */
  readonly goesOn: readonly Kind[]
  /** By what an operator can see it; nothing where the platform does not notice it at all. */
  readonly signs: readonly Sign[]
  begin(): Promise<void>
  /** What must come about while it lasts. @returns what did not */
  during?(): Promise<readonly string[]>
  /** Takes it away. */
  end(): Promise<void>
  /** What whoever runs an engine does about it: called time and again until all is well. */
  tend?(): Promise<void>
}

/** One thing that is seen at processes while a fault lasts and is gone ten seconds later. */
export interface Sign {
  readonly name: string
  readonly origins: readonly string[]
  /**
   * Names of checks of `/readyz` that are not `ok`; or a metric, the start of its lines, whose sum
   * grows, and is what it was when all is well again if it fades.
   */
  readonly by: { readonly check: RegExp } | { readonly metric: RegExp; readonly fades?: boolean }
}

/** Addresses of an entry's processes; of the one process where there is but one. */
export function originsOf({ stage, profile }: Scene, entry: string): readonly string[] {
  return stage.topology
    .of(profile === 'embedded' ? 'standalone' : entry)
    .flatMap(({ process }) => (process.origin ? [process.origin] : []))
}
