/** Partial-order reduction in compiled code: the same successors as by the reference, per state. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defined } from '../../src/base/assert.js'
import { successorOrder } from '../../src/compile/compile.js'
import { ModelError } from '../../src/interpret/evaluate.js'
import type { State } from '../../src/interpret/evaluate.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import type { Model } from '../../src/ir/model.js'
import { enabledMembers, originsOf, stubbornSubset } from '../../src/reduce/stubborn.js'
import { stubbornTables } from '../../src/reduce/stubborn-tables.js'
import { printModel } from '../generators/print-model.js'
import { processModel } from '../generators/process-model.js'
import { randomModel } from '../generators/random-model.js'
import { CompiledCode, isPackable } from './compiled-code.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 100)
const STATES_MAX = 60

/** The first states that a full search visits, without those in which something fails. */
function someStates(interpreter: Interpreter): State[] {
  const found = new Map<string, State>([['', interpreter.initial()]])
  for (const state of found.values()) {
    if (found.size > STATES_MAX) break
    for (const { successor } of transitionsOf(interpreter, state) ?? [])
      found.set(successor.join(), successor)
  }
  return [...found.values()].filter(state => transitionsOf(interpreter, state) !== null)
}

function transitionsOf(interpreter: Interpreter, state: State) {
  try {
    return interpreter.transitions(state)
  } catch (error) {
    if (error instanceof ModelError) return null
    throw error
  }
}

/** Compares each of some states; the number of states in which something is left out. */
function compareStates(model: Model): number {
  const order = successorOrder(model)
  const tables = defined(stubbornTables(model, { order }) ?? undefined)
  const interpreter = new Interpreter(model)
  const plain = new CompiledCode(model)
  const reduced = new CompiledCode(model, null, tables)
  const text = printModel(model)
  let smaller = 0
  for (const state of someStates(interpreter)) {
    const enabled = enabledMembers(tables, interpreter, state)
    const chosen = new Set(originsOf(tables, stubbornSubset(tables, state, enabled)))
    const fired = interpreter.transitions(state)
    const byAction = new Map(fired.map(({ action, successor }) => [action, successor]))
    const all = order.filter(action => byAction.has(action))
    const full = plain.expand(state)
    const part = reduced.expand(state)
    expect(full.successors, text).toEqual(all.map(a => byAction.get(a)))
    const kept = all.filter(a => chosen.has(a)).map(a => byAction.get(a))
    expect(part.successors, `${text}\n${state.join()}`).toEqual(kept)
    const { successors: _, ...rest } = full
    expect(part, text).toEqual({ ...rest, successors: part.successors })
    if (chosen.size < all.length) smaller++
  }
  return smaller
}

test('keeps the successors that the reference keeps, on models of processes', () => {
  let smaller = 0
  fc.assert(
    fc.property(processModel, model => {
      smaller += compareStates(model)
    }),
    { numRuns: RUNS },
  )
  expect(smaller).toBeGreaterThan(RUNS)
})

test('keeps the successors that the reference keeps, on arbitrary models', () => {
  fc.assert(
    fc.property(randomModel(), model => {
      fc.pre(isPackable(model))
      compareStates(model)
    }),
    { numRuns: RUNS },
  )
})
