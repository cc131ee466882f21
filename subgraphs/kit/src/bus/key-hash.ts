/**
 * A stable hash of an aggregate's id, 0 to 2³¹ − 1: shares of an outbox and partitions of the log are chosen by it, so it
 * must never change. FNV-1a (32 bit) over the UTF-8 bytes, then MurmurHash3's finaliser, since FNV alone spreads the low
 * bits of short numbers badly.
 */
export function keyHash(key: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 1
}
