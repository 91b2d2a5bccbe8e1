/**
 * What happens between two levels: decides whether the search goes on, and with which
 * descriptors. Run by the last worker to arrive at the level barrier, while all others wait
 * there; so it is the only reader and writer of these slots, and what it decides does not depend
 * on who it is.
 */
import { DESCRIPTOR_COUNT } from '../store/control-slots.js'
import {
  SLOT_ABANDONED,
  SLOT_ACTIVE,
  SLOT_DEPTH,
  SLOT_EXHAUSTIVE,
  SLOT_FINISHED,
  SLOT_FOUND,
  SLOT_LEVEL_DEPTH,
  SLOT_LEVEL_END,
  SLOT_LEVEL_FIRST,
  SLOT_LEVEL_TAKEN,
  STOP_DEPTH,
  type WorkerSetup,
} from './protocol.js'
import type { Rendezvous } from './rendezvous.js'

/** What the level step found. */
export interface LevelStep {
  readonly finished: boolean
  /**
   * True if the level before was expanded to its end, and no verdict ends the search with it: a
   * search could go on from here.
   */
  readonly isCut: boolean
  /** Descriptors of the next level: `first` to `end` - 1. */
  readonly first: number
  readonly end: number
}

/**
 * Clears the bits of properties for which a candidate was found. True if the search must stop: at a
 * violation (unless `keepGoing`) or a model error.
 */
function settleProperties(meeting: Rendezvous, setup: WorkerSetup): boolean {
  const { properties, keepGoing } = setup
  const active = [meeting.load(SLOT_ACTIVE), meeting.load(SLOT_ACTIVE + 4)]
  let stop = meeting.load(SLOT_FOUND + 4 * properties.length) !== 0
  for (const [index, property] of properties.entries()) {
    if (meeting.load(SLOT_FOUND + 4 * index) === 0) continue
    active[index >> 5]! &= ~(1 << (index & 31))
    if (property.isViolation && !keepGoing) stop = true
  }
  meeting.store(SLOT_ACTIVE, active[0]!)
  meeting.store(SLOT_ACTIVE + 4, active[1]!)
  return stop
}

/** Ends the level that was just expanded, and publishes the next one or the end of the search. */
export function stepLevel(meeting: Rendezvous, setup: WorkerSetup): LevelStep {
  const depth = meeting.load(SLOT_LEVEL_DEPTH) + 1
  const first = meeting.load(SLOT_LEVEL_END)
  const end = meeting.load(DESCRIPTOR_COUNT)
  const runs = first - meeting.load(SLOT_LEVEL_FIRST)
  const left = meeting.load(SLOT_LEVEL_TAKEN) < runs || meeting.load(SLOT_ABANDONED) !== 0
  const stop = settleProperties(meeting, setup)
  if (end > first) meeting.store(SLOT_DEPTH, depth)
  if (end === first && !left) meeting.store(SLOT_EXHAUSTIVE, 1)
  else if (!stop && depth >= setup.depthMax) meeting.requestStop(STOP_DEPTH)
  const finished = stop || meeting.stopReason !== 0 || end === first
  meeting.store(SLOT_LEVEL_DEPTH, depth)
  meeting.store(SLOT_LEVEL_TAKEN, 0)
  meeting.store(SLOT_LEVEL_FIRST, first)
  meeting.store(SLOT_LEVEL_END, end)
  if (finished) meeting.store(SLOT_FINISHED, 1)
  return { finished, isCut: !left && !stop, first, end }
}
