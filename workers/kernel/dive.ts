/**
 * Runs of a swarm: depth-first searches with a small set of bits. A run takes the successors of
 * each state in a random order, and its set places states by another hash than those of other runs;
 * so different runs omit different states, and go first into different parts of the space.
 *
 * A state sets three bits of one 64-bit word; it counts as known if all three were set. How many
 * states a run is expected to have taken for others is summed up as in bits.ts.
 *
 * The stack holds rows, and a word of marks for each: its depth, and whether it was expanded. The
 * expanded ones are, from the bottom up, the path to the topmost of them.
 *
 *   marks   31           30 ... 0
 *           [ expanded | depth    ]
 */
import {
  RUN_CUT,
  RUN_OMITTED,
  RUN_STATES,
  SAMPLING_BUDGET,
  SAMPLING_DONE,
  SAMPLING_FOUND,
} from '../../src/store/sampling-slots'
import {
  beginTask,
  buffer,
  checkRows,
  copyRow,
  estimate,
  expandRow,
  hasCandidate,
  hashState,
  initialRow,
  nextRandom,
  ownRow,
  publish,
  publishNumber,
  randomBelow,
  reach,
  rowBytes,
} from './sampling'

const EXPANDED: u32 = 0x80000000

let bits: usize = 0
let wordMask: u64 = 0
let rows: usize = 0
let marks: usize = 0
let capacity: u32 = 0
let top: u32 = 0
let salt: u64 = 0
let depthEnd: u32 = 0
let statesMax: f64 = 0
let states: f64 = 0
let omitted: f64 = 0
let isCut: bool = false

/**
 * Begins run `number` of `seed`.
 * @param set  address of `setBytes` bytes, a power of two, for the bits.
 * @param stack  address of `stackRows` rows and as many 32-bit words of marks after them.
 */
export function beginRun(
  seed: u64,
  number: f64,
  depthMax: u32,
  most: f64,
  set: usize,
  setBytes: u32,
  stack: usize,
  stackRows: u32,
): void {
  beginTask(seed, number)
  bits = set
  wordMask = <u64>((setBytes >> 3) - 1)
  memory.fill(bits, 0, setBytes)
  rows = stack
  capacity = stackRows
  marks = stack + stackRows * rowBytes
  salt = nextRandom()
  depthEnd = depthMax
  statesMax = most
  states = 0
  omitted = 0
  isCut = false
  top = 0
  insert(initialRow)
  push(initialRow, 0)
  checkRows(initialRow, 1)
}

/** Rows on the stack. */
export function stackDepth(): u32 {
  return top
}

/** Address of row `index` of the stack if it was expanded, else 0. */
export function stackRow(index: u32): usize {
  return (load<u32>(marks + index * 4) & EXPANDED) != 0 ? rows + index * rowBytes : 0
}

/** Enters a state into the set of bits. True if it was new. */
function insert(row: usize): bool {
  const h = hashState(row, salt)
  const g = h >> 46
  const set =
    ((<u64>1) << (g & 63)) | ((<u64>1) << ((g >> 6) & 63)) | ((<u64>1) << ((g >> 12) & 63))
  const word = bits + ((<usize>(h & wordMask)) << 3)
  const before = load<u64>(word)
  if ((before & set) == set) return false
  store<u64>(word, before | set)
  const fill = <f64>popcnt(before) / 64
  const known = fill * fill * fill
  omitted += known / (1 - known)
  states += 1
  estimate(row)
  return true
}

function push(row: usize, depth: u32): void {
  reach(depth)
  copyRow(rows + top * rowBytes, row)
  store<u32>(marks + top * 4, depth)
  top++
}

/** Pushes those of `count` successors in the buffer that are new, in a random order. */
function pushFresh(count: u32, depth: u32): void {
  const first = top
  for (let left = count; left > 0; left--) {
    const row = buffer + randomBelow(left) * rowBytes
    const last = buffer + (left - 1) * rowBytes
    copyRow(ownRow, row)
    copyRow(row, last)
    if (!insert(ownRow)) continue
    if (top == capacity) {
      // It is checked and counted, but nothing that it leads to is.
      isCut = true
      checkRows(ownRow, 1)
    } else push(ownRow, depth)
  }
  checkRows(rows + first * rowBytes, top - first)
}

/** Publishes the numbers of the run, and returns `status`. */
function publishRun(status: u32): u32 {
  publishNumber(RUN_STATES, states)
  publishNumber(RUN_OMITTED, omitted)
  publishNumber(RUN_CUT, isCut ? 1 : 0)
  return publish(status)
}

/** Expands up to `budget` states. Returns a SAMPLING_ status. */
export function dive(budget: u32): u32 {
  let left = budget
  while (top > 0) {
    if (hasCandidate()) return publishRun(SAMPLING_FOUND)
    const mark = marks + (top - 1) * 4
    const depth = load<u32>(mark)
    if ((depth & EXPANDED) != 0) {
      top--
      continue
    }
    if (states >= statesMax) {
      isCut = true
      break
    }
    if (left-- == 0) return publishRun(SAMPLING_BUDGET)
    store<u32>(mark, depth | EXPANDED)
    if (depth < depthEnd) pushFresh(expandRow(rows + (top - 1) * rowBytes), depth + 1)
    else isCut = true
  }
  if (hasCandidate()) return publishRun(SAMPLING_FOUND)
  return publishRun(SAMPLING_DONE)
}
