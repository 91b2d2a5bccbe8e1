/**
 * The loop of a worker over a level, in WebAssembly:
 *
 *   take a run of at most 512 states -> expand it into the successor buffer ->
 *   insert the successors into the visited set -> check the new ones -> ...
 *
 * A module of its own beside the kernel, since it calls the compiled model. An instance belongs to
 * one worker; its globals say where the worker stands, so that the loop can end anywhere, for
 * JavaScript to do what only that can do (disk, growth, limits), and go on from there.
 *
 * The exports are typed and described in `src/explore/level-loop.ts`.
 */
import {
  RESULT_FRESH_ADDRESS,
  RESULT_FRESH_COUNT,
  RESULT_RUN_ADDRESS,
  RESULT_RUN_COUNT,
  RESULT_STATUS,
  SHARDED,
  STATISTIC_EXPANDED,
  STATISTIC_STATES,
  STATISTIC_TRANSITIONS,
  STATUS_END,
  STATUS_OK,
  STATUS_ON_DISK,
} from '../../src/store/control-slots'
import { canonicalize, check, expand } from './model'
import { insert, partition, readDescriptor, takeRun, unfold } from './store'

let rowBytes: usize = 8
let isFolded: bool = false
let isReduced: bool = false
let result: usize = 0
let statistics: usize = 0
let context: usize = 0
/** Where the states of a folded run are unfolded to. */
let states: usize = 0
let buffer: usize = 0
let bufferEnd: usize = 0
/** 8 bytes that are not 0 while somebody asks all workers for something. */
let requests: usize = 0

/** States of the run at hand that are not expanded yet; `input` is 0 if they are on disk. */
let input: usize = 0
let inputLeft: u32 = 0
/** Rows of the buffer that are not inserted yet. */
let rows: usize = 0
let rowsLeft: u32 = 0
/** Runs taken since they were asked for last. */
let taken: u32 = 0

/** Sets up this instance; see LevelLoop in src/explore/level-loop.ts. */
export function attach(
  bytes: usize,
  folded: bool,
  reduced: bool,
  resultLine: usize,
  statisticsLine: usize,
  contextArea: usize,
  statesArea: usize,
  bufferStart: usize,
  bufferLast: usize,
  requestsAddress: usize,
): void {
  rowBytes = bytes
  isFolded = folded
  isReduced = reduced
  result = resultLine
  statistics = statisticsLine
  context = contextArea
  states = statesArea
  buffer = bufferStart
  bufferEnd = bufferLast
  requests = requestsAddress
}

/** Adds to one of this worker's statistics. */
function count(statistic: usize, more: u32): void {
  const address = statistics + statistic
  store<f64>(address, load<f64>(address) + <f64>more)
}

/** Goes on with `left` rows at the start of the buffer. */
export function beginRows(left: u32): void {
  rows = buffer
  rowsLeft = left
}

/** The rows of the run that was taken last are in memory now, from `address` on. */
export function beginRun(address: usize): void {
  inputLeft = load<u32>(result, RESULT_RUN_COUNT)
  input = address
  if (address == 0 || !isFolded) return
  unfold(address, inputLeft, states)
  input = states
}

/** True if some states of a run are not expanded, or some of their successors not inserted. */
export function isAmidRun(): bool {
  return (inputLeft | rowsLeft) != 0
}

/** Runs taken since the last call. */
export function takenRuns(): u32 {
  const runs = taken
  taken = 0
  return runs
}

/** Expands as many states as the buffer has room for. */
function expandRun(): void {
  const consumed = expand(input, inputLeft, buffer, bufferEnd, context)
  const produced = (load<u32>(context) - <u32>buffer) / <u32>rowBytes
  input += <usize>consumed * rowBytes
  inputLeft -= consumed
  count(STATISTIC_EXPANDED, consumed)
  count(STATISTIC_TRANSITIONS, produced)
  if (isReduced) canonicalize(buffer, produced)
  beginRows(produced)
}

/** Inserts rows of the buffer and checks the new ones. Returns a status. */
function insertRows(): i32 {
  if (load<u32>(SHARDED) != 0) {
    const sorted = partition(rows, rowsLeft)
    rows += <usize>sorted * rowBytes
    rowsLeft -= sorted
    return load<i32>(result, RESULT_STATUS)
  }
  const inserted = insert(rows, rowsLeft)
  rows += <usize>inserted * rowBytes
  rowsLeft -= inserted
  const status = load<i32>(result, RESULT_STATUS)
  const fresh = load<u32>(result, RESULT_FRESH_COUNT)
  if (fresh != 0) {
    count(STATISTIC_STATES, fresh)
    check(load<u32>(result, RESULT_FRESH_ADDRESS), fresh, context)
  }
  return status
}

/** Expands up to `runs` further runs; see LevelLoop.explore. */
export function explore(runs: u32): i32 {
  while (true) {
    while (rowsLeft != 0) {
      if (atomic.load<u64>(requests) != 0) return STATUS_OK
      const status = insertRows()
      if (status != STATUS_OK) return status
    }
    if (inputLeft != 0) {
      if (input == 0) return STATUS_ON_DISK
      expandRun()
      continue
    }
    if (runs-- == 0 || atomic.load<u64>(requests) != 0) return STATUS_OK
    const index = takeRun()
    if (index < 0) return STATUS_END
    taken++
    readDescriptor(index)
    beginRun(load<u32>(result, RESULT_RUN_ADDRESS))
  }
}
