/**
 * Random walks. A walk starts at the initial state; each step goes to one of the successors that
 * differ from the state, each as likely as the others. It ends where there is none, or at the
 * greatest depth. All successors of its states are checked, those that it does not go to included.
 */
import { SAMPLING_BUDGET, SAMPLING_DONE, SAMPLING_FOUND } from '../../src/store/sampling-slots'
import {
  beginTask,
  buffer,
  checkRows,
  copyRow,
  estimate,
  expandRow,
  hasCandidate,
  initialRow,
  isSameRow,
  ownRow,
  publish,
  randomBelow,
  reach,
  rowBytes,
  taskNumber,
} from './sampling'

let seed: u64 = 0
let end: f64 = 0
let depthEnd: u32 = 0
let depth: u32 = 0
/** Successors of the state at hand, once it is expanded. */
let successors: u32 = 0
let isExpanded: bool = false

/** Begins with walk `first` of `walkSeed`; `walk` goes on to `last` - 1. */
export function beginWalks(walkSeed: u64, first: f64, last: f64, depthMax: u32): void {
  seed = walkSeed
  end = last
  depthEnd = depthMax
  start(first)
}

function start(number: f64): void {
  beginTask(seed, number)
  copyRow(ownRow, initialRow)
  depth = 0
  isExpanded = false
  checkRows(ownRow, 1)
  estimate(ownRow)
}

/** Expands the state at hand, and checks its successors. */
function look(): void {
  successors = expandRow(ownRow)
  checkRows(buffer, successors)
  for (let i: u32 = 0; i < successors; i++) estimate(buffer + i * rowBytes)
  isExpanded = true
}

/** Goes to a successor that differs from the state. False if there is none. */
function move(): bool {
  let different: u32 = 0
  for (let i: u32 = 0; i < successors; i++) {
    const row = buffer + i * rowBytes
    if (isSameRow(row, ownRow)) continue
    // Successors that differ are moved to the front; the others are not needed any more.
    if (different != i) copyRow(buffer + different * rowBytes, row)
    different++
  }
  if (different == 0) return false
  copyRow(ownRow, buffer + randomBelow(different) * rowBytes)
  depth++
  reach(depth)
  isExpanded = false
  return true
}

/** Takes up to `budget` steps. Returns a SAMPLING_ status. */
export function walk(budget: u32): u32 {
  for (let step: u32 = 0; step < budget; step++) {
    if (!isExpanded) {
      if (depth < depthEnd) look()
      else successors = 0
      if (hasCandidate()) return publish(SAMPLING_FOUND)
    }
    if (successors != 0 && move()) continue
    if (taskNumber + 1 >= end) return publish(SAMPLING_DONE)
    start(taskNumber + 1)
  }
  return publish(SAMPLING_BUDGET)
}
