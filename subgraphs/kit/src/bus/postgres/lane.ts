import { createWindow, type Window } from '../window.ts'
import type { HeldPartition, Offset } from './progress.ts'

/** A partition in a member's hands, in one epoch. */
export interface Lane {
  readonly held: HeldPartition
  readonly window: Window<Offset>
  /** Up to where events were read; ahead of what is committed. */
  readTo: Offset
  /** What the database knows. */
  committed: Offset
  /** Attempts that run at this moment. */
  inHand: number
  /** To be given back: nothing new is started. */
  leaving: boolean
}

export function openLane(held: HeldPartition): Lane {
  return {
    held,
    window: createWindow(),
    readTo: held.offset,
    committed: held.offset,
    inHand: 0,
    leaving: false,
  }
}

export const laneName = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic} ${partition}`

/** The partition with its offset at what is done without a gap; undefined when there is nothing new to commit. */
export function toCommit(lane: Lane): HeldPartition | undefined {
  const { progress } = lane.window
  if (!progress || progress === lane.committed) return undefined
  return { ...lane.held, offset: progress }
}

/** The partition as it is given back. */
export const toRelease = (lane: Lane): HeldPartition =>
  toCommit(lane) ?? { ...lane.held, offset: lane.committed }
