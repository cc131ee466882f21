import { AssignerProtocol, type PartitionAssigner } from 'kafkajs'

const { MemberAssignment, MemberMetadata } = AssignerProtocol

/**
 * Shares a group's partitions: those of one number, over all topics, go to one member, so that a dead letter is replayed by
 * the member that has its key's other events.
 *
 * A member that joins to move offsets (`moving`) names the topics; while it is there nobody gets their partitions, so nobody
 * can commit over it. When it leaves, the others get them back and start where it put them.
 */
export function createAssigner(moving: boolean): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'movieverse',
    version: 0,

    protocol({ topics }) {
      const userData = Buffer.from(moving ? 'moving' : '')
      return { name: 'movieverse', metadata: MemberMetadata.encode({ version: 0, topics, userData }) }
    },

    async assign({ members, topics }) {
      const known = members.map(({ memberId, memberMetadata }) => {
        const metadata = MemberMetadata.decode(memberMetadata)
        return {
          memberId,
          topics: new Set(metadata?.topics),
          moving: metadata?.userData.toString() === 'moving',
        }
      })
      const assignments = new Map(known.map(({ memberId }) => [memberId, {} as Record<string, number[]>]))
      for (const topic of topics) {
        const readers = known.filter((member) => member.topics.has(topic))
        if (readers.some((member) => member.moving)) continue
        readers.sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
        for (const { partitionId } of cluster.findTopicPartitionMetadata(topic)) {
          const assignment = assignments.get(readers[partitionId % readers.length]?.memberId ?? '')
          if (assignment) assignment[topic] = [...(assignment[topic] ?? []), partitionId]
        }
      }
      return [...assignments].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
      }))
    },
  })
}
