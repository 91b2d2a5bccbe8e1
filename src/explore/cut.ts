/**
 * What was counted at a cut, as a checkpoint keeps it: read from the memory of a search (or a copy
 * of it), and put into that of another, whose workers may be more or fewer. Counts of all workers
 * become one, and are given to worker 0, present or not.
 */
import { candidateBytes, CONTEXT_CANDIDATES, CONTEXT_DEADLOCKS } from '../compile/compiled-model.js'
import { defined } from '../base/assert.js'
import type { Cut, CutCandidate } from '../store/checkpoint-manifest.js'
import { STATISTIC_STATES, STATISTIC_TRANSITIONS } from '../store/control-slots.js'
import { mergeCandidates, total } from './collect.js'
import { SLOT_ACTIVE, SLOT_FOUND, SLOT_LEVEL_DEPTH, type WorkerSetup } from './protocol.js'

/** What all workers marked or counted in `fired`, as one. */
function mergeFired(view: DataView, { plan, workers, counters, firedBytes }: WorkerSetup): Buffer {
  const fired = Buffer.alloc(firedBytes)
  const firsts = 8 * counters
  for (const area of plan.areas.slice(0, workers)) {
    for (let index = 0; counters === 0 && index < firedBytes; index++) {
      fired[index]! |= view.getUint8(area.fired + index)
    }
    for (let index = 0; index < counters; index++) {
      const count = view.getBigUint64(area.fired + 8 * index, true)
      fired.writeBigUInt64LE(fired.readBigUInt64LE(8 * index) + count, 8 * index)
      const first = view.getInt32(area.fired + firsts + 4 * index, true)
      const least = fired.readInt32LE(firsts + 4 * index)
      if (first !== 0 && (least === 0 || first < least)) {
        fired.writeInt32LE(first, firsts + 4 * index)
      }
    }
  }
  return fired
}

/** Reads a cut; every worker stands in the level barrier, or `view` is a copy. */
export function readCut(view: DataView, setup: WorkerSetup, seconds: number): Cut {
  const areas = setup.plan.areas.slice(0, setup.workers)
  const candidates = setup.properties.map((_, index): CutCandidate | null => {
    const found = mergeCandidates(view, setup, index)
    if (found === null) return null
    const { depth, state, action } = found
    return { depth, state: Array.from(state, word => word.toString(16)), action }
  })
  return {
    depth: view.getInt32(SLOT_LEVEL_DEPTH, true),
    states: total(view, setup, STATISTIC_STATES),
    transitions: total(view, setup, STATISTIC_TRANSITIONS),
    deadlocks: areas.reduce(
      (sum, area) => sum + Number(view.getBigUint64(area.context + CONTEXT_DEADLOCKS, true)),
      0,
    ),
    seconds,
    candidates,
    fired: mergeFired(view, setup).toString('base64'),
  }
}

/** True if the cut is one of a search with this setup. */
export function fitsCut(cut: Cut, { properties, strideWords, firedBytes }: WorkerSetup): boolean {
  return (
    cut.candidates.length === properties.length &&
    cut.candidates.every(c => c === null || c.state.length === strideWords) &&
    Buffer.from(cut.fired, 'base64').length === firedBytes
  )
}

/**
 * Puts the counts of a cut into the context of worker 0, and says which properties are decided. Its
 * inverse is `readCut`, but for the states, which are counted as they are inserted.
 */
export function writeCut(view: DataView, setup: WorkerSetup, cut: Cut): void {
  const { context, fired } = defined(setup.plan.areas[0])
  const { strideWords, properties } = setup
  view.setBigUint64(context + CONTEXT_DEADLOCKS, BigInt(cut.deadlocks), true)
  for (const [index, byte] of Buffer.from(cut.fired, 'base64').entries()) {
    view.setUint8(fired + index, byte)
  }
  let active = (1n << BigInt(properties.length)) - 1n
  for (const [index, candidate] of cut.candidates.entries()) {
    if (candidate === null) continue
    const record = context + CONTEXT_CANDIDATES + index * candidateBytes(strideWords)
    view.setInt32(record, 1, true)
    view.setInt32(record + 4, candidate.action ?? -1, true)
    for (const [word, text] of candidate.state.entries()) {
      view.setBigUint64(record + 8 + 8 * word, BigInt(`0x${text}`), true)
    }
    view.setInt32(SLOT_FOUND + 4 * index, 1 + candidate.depth, true)
    active &= ~(1n << BigInt(index))
  }
  view.setBigUint64(SLOT_ACTIVE, active, true)
}
