/**
 * The visited set from outside: its first table, its growth, its size. What is done per state is in
 * the kernel (`workers/kernel/narrow32.ts`, `narrow64.ts`, `wide.ts`), described in
 * `docs/internals/visited-set.md`.
 *
 * `create` runs on the main thread before the workers start. `beginGrowth` and `endGrowth` run on
 * one worker while all others stand in the growth barrier, which orders every access to the
 * records.
 */
import {
  MEMORY_LIMIT,
  MEMORY_NEXT,
  REHASH_CURSOR,
  REHASH_FAILED,
  TABLE,
  TABLE_ADDRESS,
  TABLE_NEXT,
  TABLE_RECORD_BYTES,
  TABLE_USED,
} from './control-slots.js'
import type { Kernel } from './kernel.js'
import {
  grownShapes,
  initialShape,
  readTableRecord,
  slotCount,
  tableBytes,
  writeTableRecord,
  type RowFormat,
} from './table-shape.js'

/** Addresses from here on are kept for descriptors of the level log. */
const LIMIT_MAX = 2 ** 32 - 2 ** 24

/** Size of the table, bytes and load. */
export interface VisitedSetSize {
  /** Bytes of the table in use. */
  readonly bytes: number
  /** Share of its slots that are filled, 0..1. */
  readonly load: number
}

/** A view of the control area; valid for ever, since the memory only grows. */
export function controlView(memory: WebAssembly.Memory): DataView {
  return new DataView(memory.buffer)
}

/**
 * Allocates the first table. `kernel` is an attached instance, `planEnd` the first free byte, and
 * `memoryBytes` the most bytes that may be allocated in all; the first table is always granted.
 */
export function createVisitedSet(
  memory: WebAssembly.Memory,
  kernel: Kernel,
  options: { format: RowFormat; planEnd: number; tableBytes: number; memoryBytes: number },
): void {
  const view = controlView(memory)
  const shape = initialShape(options.format, options.tableBytes)
  view.setUint32(MEMORY_NEXT, options.planEnd, true)
  view.setUint32(MEMORY_LIMIT, LIMIT_MAX, true)
  const address = kernel.allocateTable(tableBytes(shape)) >>> 0
  view.setUint32(MEMORY_LIMIT, Math.min(LIMIT_MAX, Math.floor(options.memoryBytes)), true)
  writeTableRecord(view, TABLE, { shape, address })
}

/** True from `beginGrowth` to an `endGrowth` that succeeds. */
export function isGrowing(view: DataView): boolean {
  return view.getUint32(TABLE_NEXT + TABLE_ADDRESS, true) !== 0
}

/** Bytes of the table that `beginGrowth` tries first; Infinity if there is none larger. */
export function nextTableBytes(view: DataView, format: RowFormat): number {
  const [next] = grownShapes(format, readTableRecord(view, TABLE).shape)
  return next === undefined ? Infinity : tableBytes(next)
}

/**
 * Chooses and allocates the next table. False if the memory limit leaves no room for a larger one.
 * One worker, with all others in the barrier.
 */
export function beginGrowth(view: DataView, kernel: Kernel, format: RowFormat): boolean {
  // After a failed growth the next record holds the table that was too small; go on from there.
  const failed = view.getUint32(REHASH_FAILED, true) !== 0
  const { shape, address } = readTableRecord(view, failed ? TABLE_NEXT : TABLE)
  if (failed) kernel.releaseTable(address, tableBytes(shape))
  view.setUint32(TABLE_NEXT + TABLE_ADDRESS, 0, true)
  view.setUint32(REHASH_CURSOR, 0, true)
  view.setUint32(REHASH_FAILED, 0, true)
  for (const next of grownShapes(format, shape)) {
    const nextAddress = kernel.allocateTable(tableBytes(next)) >>> 0
    if (nextAddress === 0) continue
    writeTableRecord(view, TABLE_NEXT, { shape: next, address: nextAddress })
    return true
  }
  return false
}

/**
 * Puts the next table in place of the one in use, after all workers have left `rehash`. False if
 * some row found no slot: then `beginGrowth` again. One worker, with all others in the barrier.
 */
export function endGrowth(view: DataView, kernel: Kernel): boolean {
  if (view.getUint32(REHASH_FAILED, true) !== 0) return false
  const { shape, address } = readTableRecord(view, TABLE)
  for (let offset = 0; offset < TABLE_RECORD_BYTES; offset += 4) {
    view.setUint32(TABLE + offset, view.getUint32(TABLE_NEXT + offset, true), true)
  }
  view.setUint32(TABLE_NEXT + TABLE_ADDRESS, 0, true)
  kernel.releaseTable(address, tableBytes(shape))
  return true
}

/** Size of the table in use. Any thread, any time; exact when no worker runs. */
export function visitedSetSize(view: DataView): VisitedSetSize {
  const { shape } = readTableRecord(view, TABLE)
  const used = view.getUint32(TABLE_USED, true)
  return { bytes: tableBytes(shape), load: Math.min(1, used / Math.max(1, slotCount(shape))) }
}

/** Bytes allocated in the shared memory, table and level log included. Any thread, any time. */
export function allocatedBytes(view: DataView): number {
  return view.getUint32(MEMORY_NEXT, true)
}
