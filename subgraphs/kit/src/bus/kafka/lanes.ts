import { createWindow, type Window } from '../window.ts'

/** A partition in a member's hands, from the generation that gave it to the one that takes it. */
export interface Lane {
  /** As the cluster calls it. */
  readonly topic: string
  readonly partition: number
  readonly window: Window<number>
  /** The offset behind the last record that was taken; what a rebalance brings again is passed over. */
  readTo: number
  committed: number | undefined
  paused: boolean
}

export type Assignment = Readonly<Record<string, readonly number[]>>

/** The partitions that a member holds, kept equal to what the group assigns to it. */
export interface Lanes {
  /**
   * Takes up what came and drops what went. What stays goes on where it is, unless the member is another one to the group:
   * then it missed generations in which others may have moved the offsets, and everything starts at those.
   */
  assign(memberId: string, assignment: Assignment): void
  find(topic: string, partition: number): Lane | undefined
  all(): readonly Lane[]
  /** What is done without a gap and not committed yet. */
  toCommit(): readonly { readonly lane: Lane; readonly progress: number }[]
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>()
  let owner: string | undefined
  const nameOf = (topic: string, partition: number) => `${topic} ${partition}`

  return {
    assign(memberId, assignment) {
      const assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      )
      const names = new Set(assigned.map(({ topic, partition }) => nameOf(topic, partition)))
      for (const [name, lane] of lanes) {
        if (memberId === owner && names.has(name)) continue
        lane.window.close()
        lanes.delete(name)
      }
      owner = memberId
      for (const { topic, partition } of assigned) {
        const name = nameOf(topic, partition)
        if (lanes.has(name)) continue
        lanes.set(name, {
          topic,
          partition,
          window: createWindow(),
          readTo: 0,
          committed: undefined,
          paused: false,
        })
      }
    },
    find: (topic, partition) => lanes.get(nameOf(topic, partition)),
    all: () => [...lanes.values()],
    toCommit: () =>
      [...lanes.values()].flatMap((lane) => {
        const { progress } = lane.window
        return progress === undefined || progress === lane.committed ? [] : [{ lane, progress }]
      }),
  }
}
