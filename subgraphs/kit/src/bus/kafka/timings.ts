/**
 * Milliseconds of a group's membership: a member that is gone loses its partitions after the session time-out (brokers take
 * no less than 6 s), and hears of a rebalance at its next heartbeat. A fetch waits so long for records; a member that has
 * paused everything looks again after it, and one that leaves waits for its last.
 */
export const groupTimings = {
  sessionTimeout: 6000,
  rebalanceTimeout: 10_000,
  heartbeatInterval: 500,
  maxWaitTimeInMs: 250,
} as const
