/**
 * Candidates: the function that keeps the least of several violating states, and the code that
 * calls it. See `compiled-model.ts` for the records.
 */
import { CONTEXT_ACTIVE, CONTEXT_CANDIDATES, candidateBytes } from './compiled-model.js'
import { FunctionBuilder } from './wasm/function-builder.js'
import type { FunctionIndex, Local } from './wasm/function-builder.js'

const FOUND = 0
const ACTION = 4
const STATE = 8

/** Builds `record(address, action, word...)`. It keeps the least (state, action). */
export function buildRecord(wordCount: number): FunctionBuilder {
  const words = Array.from({ length: wordCount }, () => 'i64' as const)
  const f = new FunctionBuilder(['i32', 'i32', ...words])
  const address = f.parameter(0)
  const action = f.parameter(1)
  const store = f.open('block')
  f.get(address).memory('i32.load', FOUND).op('i32.eqz').brIf(store)
  for (let w = 0; w < wordCount; w++) {
    const word = f.parameter(2 + w)
    f.get(word)
      .get(address)
      .memory('i64.load', STATE + 8 * w)
      .op('i64.lt_u')
      .brIf(store)
    f.get(word)
      .get(address)
      .memory('i64.load', STATE + 8 * w)
      .op('i64.gt_u')
    f.open('if')
    f.op('return')
    f.end()
  }
  f.get(action).get(address).memory('i32.load', ACTION).op('i32.lt_s').brIf(store)
  f.op('return')
  f.end()
  f.get(address).i32(1).memory('i32.store', FOUND)
  f.get(address).get(action).memory('i32.store', ACTION)
  for (let w = 0; w < wordCount; w++)
    f.get(address)
      .get(f.parameter(2 + w))
      .memory('i64.store', STATE + 8 * w)
  return f
}

/** Emits calls of `record` into one function. */
export class RecordEmitter {
  constructor(
    private readonly f: FunctionBuilder,
    private readonly record: FunctionIndex,
    private readonly context: Local,
    private readonly words: readonly Local[],
    private readonly propertyCount: number,
  ) {}

  /** Leaves 1 on the stack if property `p` is still to be evaluated. */
  emitIsActive(p: number): void {
    this.f.get(this.context).memory('i64.load', CONTEXT_ACTIVE)
    this.f.i64(BigInt(p)).op('i64.shr_u', 'i32.wrap_i64').i32(1).op('i32.and')
  }

  /** Records the state with an action (or -1) as a candidate of property `p`. */
  emitRecord(p: number, action: number): void {
    const { f } = this
    f.get(this.context)
    f.i32(CONTEXT_CANDIDATES + p * candidateBytes(this.words.length)).op('i32.add')
    f.i32(action)
    for (const word of this.words) f.get(word)
    f.call(this.record)
  }

  /** Records the state as a candidate of model errors. */
  emitModelError(action: number): void {
    this.emitRecord(this.propertyCount, action)
  }

  /** Records the state if the truth value on the stack is 0 and the property is active. */
  emitRecordIfZero(p: number, action: number): void {
    const { f } = this
    f.op('i32.eqz')
    f.open('if')
    this.emitIsActive(p)
    f.open('if')
    this.emitRecord(p, action)
    f.end()
    f.end()
  }
}
