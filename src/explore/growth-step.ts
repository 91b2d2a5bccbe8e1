/**
 * What happens between two phases of a growth: ends the move of rows that all workers have taken
 * part in, and begins the next or lets them go. Run by the last worker to arrive at the growth
 * barrier, while all others wait there.
 *
 * The visited set grows in the first memory as long as its table stays small; then it is spread
 * over the memories of shards (src/store/shards.ts), which grow one after the other. Intern tables
 * of folded states grow in the first memory, all that are full at once.
 */
import { SHARD_MOVING } from '../store/control-slots.js'
import { foldTree } from '../store/fold-tree.js'
import { growInternTables } from '../store/intern-tables.js'
import type { Kernel } from '../store/kernel.js'
import { stepShardGrowth, type ShardStep } from '../store/shard-growth.js'
import { isSharded } from '../store/shards.js'
import {
  firstTable,
  isGrowing,
  needsNextTable,
  nextTableBytes,
  stepTableGrowth,
  type TableGrowthStep,
} from '../store/table-growth.js'
import { fitsShards, shardKeys } from '../store/visited-set.js'
import {
  GROWTH_DONE,
  GROWTH_MOVE,
  GROWTH_REFUSED,
  GROWTH_REHASH,
  type WorkerSetup,
} from './protocol.js'

const OUTCOMES: Record<TableGrowthStep | ShardStep, number> = {
  rehash: GROWTH_REHASH,
  move: GROWTH_MOVE,
  done: GROWTH_DONE,
  refused: GROWTH_REFUSED,
}

/**
 * Decides how the growth goes on: a GROWTH_ outcome. `kernel` is the caller's over the first
 * memory, `kernelOver` gives those over the memories of shards.
 */
export function stepGrowth(
  view: DataView,
  kernel: Kernel,
  setup: WorkerSetup,
  kernelOver: (memory: WebAssembly.Memory) => Kernel,
): number {
  const { shards, workers, strideWords, stateBits } = setup
  const format = { strideWords, stateBits }
  if (isGrowing(view)) return OUTCOMES[stepTableGrowth(firstTable(view, kernel, format))]
  const tree = foldTree(format)
  if (tree !== null && !growInternTables(view, kernel, tree)) return GROWTH_REFUSED
  const going = isSharded(view) || view.getUint32(SHARD_MOVING, true) !== 0
  if (!going && !needsNextTable(view, format)) return GROWTH_DONE
  if (shards !== null) {
    const keys = shardKeys(format)
    const step = (): ShardStep =>
      stepShardGrowth({ view, kernel, shards, workers, keys, kernelOver })
    const isLarge = !going && nextTableBytes(view, format) > shards.spreadBytes
    const next = (going || isLarge) && fitsShards(view, format) ? step() : 'refused'
    if (next !== 'refused' || isSharded(view)) return OUTCOMES[next]
  }
  return OUTCOMES[stepTableGrowth(firstTable(view, kernel, format))]
}
