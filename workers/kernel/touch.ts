/**
 * The third pass: loads one word of each table line that a batch will search, before it is
 * searched. Memory at random is what limits the whole checker. The loop does nothing else, so
 * that as many cache misses as the processor can have are under way at once; WebAssembly has no
 * prefetch instruction.
 */
import { SCRATCH_ENTRY_BYTES } from '../../src/store/control-slots'

/**
 * Touches the lines of `count` scratch entries. The result is stored so that nothing is optimised
 * away.
 */
export function touchLines(count: u32, scratch: usize): void {
  let touched: u32 = 0
  const end = scratch + count * SCRATCH_ENTRY_BYTES
  for (let entry = scratch; entry < end; entry += SCRATCH_ENTRY_BYTES) {
    touched |= load<u32>(load<u32>(entry, 16))
  }
  store<u32>(end, touched)
}
