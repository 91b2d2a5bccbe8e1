/**
 * What the compiler hands the explorer: a WebAssembly module that knows the model, and the few
 * numbers that the explorer needs to drive it. Plain data, so it crosses threads as it is.
 *
 * The module imports `env.memory` (shared) and exports two functions, or three; all addresses are
 * byte addresses in that memory, all rows are packed states of `strideWords` 64-bit words:
 *
 *   expand(input, count, output, limit, context) -> consumed
 *     Expands up to `count` rows from `input`. Writes the successors, row-major, from `output` on,
 *     in order of the rows. Stops before a row whose successors might not fit below `limit`
 *     (`maxFanout` rows are kept free for each row). Stutters are written too: every written row is
 *     one transition. Returns how many rows it consumed, at least 1 if `maxFanout` rows fit.
 *     Sets context.outputEnd; adds to context.deadlocks; records deadlocks, violated step
 *     properties, failed assertions and model errors as candidates; marks fired actions.
 *   check(input, count, context)
 *     Evaluates the state properties (invariants, reachability) on `count` rows and records
 *     candidates. An invariant is recorded where it is false, a reachability where it is true.
 *   canonicalize(rows, count)
 *     There only if the search is reduced by symmetry. Replaces each of `count` rows by the one
 *     that stands for all states that differ from it in the names of interchangeable elements
 *     alone: the least one, words compared as below. To be called on successors before they are
 *     inserted; the initial state is its own representative.
 *
 * The context of one worker, at a multiple of 8 (offsets in bytes):
 *
 *   0   outputEnd   i32   byte address after the last successor written by `expand`
 *   8   deadlocks   i64   states without an enabled action, added up
 *   16  active      i64   bit p set: property p is still to be evaluated
 *   24  fired       i32   byte address of firedBytes(model) bytes: one byte per action instance,
 *                         set to 1 when it fires; of a model with coverage see below
 *   28  unused      i32
 *   32  candidates  (propertyCount + 1) records of candidateBytes(strideWords) bytes each
 *
 * Record p is the candidate of property p; the last one is the candidate of model errors (a write
 * out of range, an index outside its array, two writes of one variable):
 *
 *   0   found   i32   0 none, 1 some
 *   4   action  i32   action instance that was taken from the state, -1 for state properties
 *   8   state   i64[strideWords]   the state (before the action, where there is one)
 *
 * With coverage there are counters instead of the bytes, i64 each: one per action instance, how
 * often it fired; then one per property, how often its interesting part (`premiseOf`) was true: of
 * an invariant or reachability in states, of a step property or assertion in transitions, of
 * deadlock freedom never. A counter of a property that only witnesses stays at 1. The rest of the
 * area, an i32 per counter, is the explorer's.
 *
 * Of several candidates the module keeps the least: states compared word by word from word 0 as
 * unsigned numbers, then the action index. So the result does not depend on the order of work.
 */

/** Byte offset of `outputEnd` in a worker's context. */
export const CONTEXT_OUTPUT_END = 0
/** Byte offset of `deadlocks` in a worker's context. */
export const CONTEXT_DEADLOCKS = 8
/** Byte offset of `active` in a worker's context. */
export const CONTEXT_ACTIVE = 16
/** Byte offset of `fired` in a worker's context. */
export const CONTEXT_FIRED = 24
/** Byte offset of the first candidate record in a worker's context. */
export const CONTEXT_CANDIDATES = 32

/** Size of one candidate record, bytes. */
export function candidateBytes(strideWords: number): number {
  return 8 + 8 * strideWords
}

/** Size of one worker's context without what `fired` points to, bytes. */
export function contextBytes(model: CompiledModel): number {
  return CONTEXT_CANDIDATES + (model.properties.length + 1) * candidateBytes(model.strideWords)
}

/**
 * What is counted: nothing; how often everything happened; or how often actions fired, and of
 * properties only whether they were interesting, for which the first time is enough.
 */
export type CoverageMode = 'none' | 'counts' | 'witnesses'

/** Counters of a model with coverage: one per action instance, then one per property. */
export function counterCount(model: CompiledModel): number {
  return model.coverage ? model.actionCount + model.properties.length : 0
}

/** Size of what `fired` points to, bytes. */
export function firedBytes(model: CompiledModel): number {
  return model.coverage ? 12 * counterCount(model) : model.actionCount
}

/** What the explorer must know of a property. */
export interface CompiledProperty {
  readonly name: string
  /** True if a candidate is a violation, that ends the search with its level. */
  readonly isViolation: boolean
  /** True if a candidate is found by `check` on a new state, false if by `expand`. */
  readonly isStateProperty: boolean
  /** True if a candidate's `action` is part of it (step properties, assertions). */
  readonly hasAction: boolean
}

/** A model as the explorer runs it. Structured-cloneable. */
export interface CompiledModel {
  /** The WebAssembly module as described above. */
  readonly wasm: Uint8Array
  /** 64-bit words of one packed state, 1..8. */
  readonly strideWords: number
  /** Bits that carry information; all others are 0. A one-word state is below 2 ** stateBits. */
  readonly stateBits: number
  /** The packed initial state, strideWords words. */
  readonly initial: BigUint64Array
  /** Number of action instances. */
  readonly actionCount: number
  /** Most successors that one state can have, at least 1. */
  readonly maxFanout: number
  /** True if the module counts instead of marking what fired. */
  readonly coverage: boolean
  /** At most 63. */
  readonly properties: readonly CompiledProperty[]
}
