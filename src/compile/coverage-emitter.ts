/** Code of a model with coverage: counters of what happened. See `compiled-model.ts`. */
import type { FunctionBuilder, Label, Local } from './wasm/function-builder.js'

/** Adds 1 to the counter at position `index`; `counters` holds their address. */
export function emitCount(f: FunctionBuilder, counters: Local, index: number): void {
  const offset = 8 * index
  f.get(counters).get(counters).memory('i64.load', offset).i64(1n).op('i64.add')
  f.memory('i64.store', offset)
}

/** Branches to `to` if that counter is not 0 any more; one that only witnesses stays below 2. */
export function emitBranchIfCounted(
  f: FunctionBuilder,
  counters: Local,
  index: number,
  to: Label,
): void {
  f.get(counters)
    .memory('i32.load', 8 * index)
    .brIf(to)
}
