import { type Lane, laneName, openLane, toCommit, toRelease } from './lane.ts'
import type { GroupProgress } from './progress.ts'

/** The partitions that a member holds, kept equal to its leases. */
export interface Lanes {
  /** Those that may be read and worked on. */
  open(): readonly Lane[]
  find(topic: string, partition: number): Lane | undefined
  /**
   * Renews the leases; takes up what came, drops what went or was sought elsewhere, lets go of what is above the share.
   * @returns whether partitions came
   */
  renew(): Promise<boolean>
  /** Writes what is done; drops partitions that are another's by now. */
  commit(): Promise<void>
  /** Gives back the partitions that are leaving and have nothing in hand any more. */
  releaseLeaving(): Promise<void>
  /** Nothing of what is held counts any more: the leases ran out. */
  dropAll(): void
}

export function createLanes(progress: GroupProgress): Lanes {
  const lanes = new Map<string, Lane>()

  function drop(lane: Lane): void {
    lane.window.close()
    lanes.delete(laneName(lane.held))
  }

  function letGo(share: ReadonlyMap<string, number>): void {
    for (const [topic, fair] of share) {
      const staying = [...lanes.values()].filter((lane) => lane.held.topic === topic && !lane.leaving)
      for (const lane of staying.slice(fair)) lane.leaving = true
    }
  }

  return {
    open: () => [...lanes.values()].filter((lane) => !lane.leaving),

    find: (topic, partition) => lanes.get(laneName({ topic, partition })),

    async renew() {
      const { held, share } = await progress.renew()
      const names = new Set(held.map(laneName))
      for (const lane of lanes.values()) if (!names.has(laneName(lane.held))) drop(lane)
      let came = false
      for (const partition of held) {
        const lane = lanes.get(laneName(partition))
        if (lane?.held.epoch === partition.epoch) continue
        if (lane) drop(lane)
        lanes.set(laneName(partition), openLane(partition))
        came = true
      }
      letGo(share)
      return came
    },

    async commit() {
      const dirty = [...lanes.values()].flatMap((lane) => {
        const moved = toCommit(lane)
        return moved ? [{ lane, moved }] : []
      })
      if (dirty.length === 0) return
      const kept = new Set((await progress.commit(dirty.map(({ moved }) => moved))).map(laneName))
      for (const { lane, moved } of dirty) {
        if (kept.has(laneName(moved))) lane.committed = moved.offset
        else if (lanes.get(laneName(moved)) === lane) drop(lane)
      }
    },

    async releaseLeaving() {
      const idle = [...lanes.values()].filter((lane) => lane.leaving && lane.inHand === 0)
      if (idle.length === 0) return
      await progress.release(idle.map(toRelease))
      for (const lane of idle) drop(lane)
    },

    dropAll() {
      for (const lane of lanes.values()) drop(lane)
    },
  }
}
