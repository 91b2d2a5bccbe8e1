/** How much of a shared memory is in use. Its allocator: `workers/kernel/memory.ts`. */
import { MEMORY_END, MEMORY_NEXT, MEMORY_TOP } from './control-slots.js'

/** The last page is never handed out, so that an end address fits 32 bits. */
export const END_MAX = 2 ** 32 - 2 ** 16

/**
 * Bytes that were allocated in the memory with these control slots, at both ends. Any thread, any
 * time.
 */
export function allocatedBytes(view: DataView): number {
  const top = view.getUint32(MEMORY_END, true) - view.getUint32(MEMORY_TOP, true)
  return view.getUint32(MEMORY_NEXT, true) + top
}
