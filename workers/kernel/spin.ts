/** Waiting without going to sleep, for what another worker will have done in a moment. */

/**
 * Looks at the word at `address` until it is not `value` any more, at most `spins` times. False if
 * it still is.
 */
export function spinWhile(address: usize, value: u32, spins: u32): bool {
  for (; spins != 0; spins--) if (atomic.load<u32>(address) != value) return true
  return false
}
