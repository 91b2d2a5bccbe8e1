/**
 * Who expands which run of the level. A worker takes its own runs first, those that it has appended
 * itself: their rows are in its processor's caches, and reading what another processor has just
 * written is several times as slow. When it has none left it takes what others have not come to,
 * from the end of the level, where they are last.
 *
 * Each worker has its own place in the level; a run is taken by setting a byte of its descriptor
 * (log.ts), which one worker does first.
 */
import { DIRECTORY } from '../../src/store/control-slots'
import { entryAddress } from './directory'

/** This worker, as its runs name it. */
export let worker: u8 = 0

let levelFirst: u32 = 0
let levelEnd: u32 = 0
/** Own runs before this are taken. */
let ownNext: u32 = 0
/** Runs of others from this on are taken. */
let otherEnd: u32 = 0

/** Sets which worker this is. */
export function setWorker(index: u32): void {
  worker = <u8>index
}

/** Goes to the beginning of the level with descriptors `first` to `end` - 1. */
export function beginRuns(first: u32, end: u32): void {
  levelFirst = first
  levelEnd = end
  ownNext = first
  otherEnd = end
}

/** Takes the run of descriptor `index`. False if somebody has taken it. */
function take(index: u32): bool {
  const taken = entryAddress(DIRECTORY, index) + 7
  return load<u8>(taken) == 0 && atomic.xchg<u8>(taken, 1) == 0
}

/** Takes a run of the level. Returns its descriptor, -1 if there is none left. */
export function takeRun(): i32 {
  while (ownNext < levelEnd) {
    const index = ownNext++
    if (load<u8>(entryAddress(DIRECTORY, index), 6) == worker && take(index)) return <i32>index
  }
  while (otherEnd > levelFirst) {
    const index = --otherEnd
    if (take(index)) return <i32>index
  }
  return -1
}
