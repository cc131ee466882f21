/** How topics and groups are called on a cluster that others may use as well. */
export interface KafkaNames {
  topic(topic: string): string
  /** The group's dead letters. */
  letters(group: string): string
  group(group: string): string
  /** The platform's name of a topic as the cluster calls it. */
  plain(topic: string): string
}

/** @param prefix stands before every topic and group; empty for a cluster of one's own */
export function createKafkaNames(prefix: string): KafkaNames {
  return {
    topic: (topic) => `${prefix}${topic}`,
    letters: (group) => `${prefix}${group}.dlq`,
    group: (group) => `${prefix}${group}`,
    plain: (topic) => topic.slice(prefix.length),
  }
}
