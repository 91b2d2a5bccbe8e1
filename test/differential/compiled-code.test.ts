/**
 * Compiled code = reference interpreter, state by state, on generated models: the same successors,
 * fired actions, deadlocks, and the same verdict on every property and model error.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ModelError, evaluate } from '../../src/interpret/evaluate.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import type { Model } from '../../src/ir/model.js'
import { modelAndStates } from '../generators/random-model.js'
import { printModel } from '../generators/print-model.js'
import { CompiledCode, isPackable } from '../compile/compiled-code.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 400)

/** What the reference semantics says of expanding one state, in the words of the compiled code. */
function expandByReference(model: Model, state: readonly number[]) {
  const interpreter = new Interpreter(model)
  const successors: (readonly number[])[] = []
  const fired: number[] = []
  const candidates: (number | null)[] = [...model.properties.map(() => null), null]
  const errors = candidates.length - 1
  const record = (p: number, action: number): void => {
    candidates[p] = Math.min(candidates[p] ?? action, action)
  }
  let isStuck = true
  model.actions.forEach((_, action) => {
    try {
      if (!interpreter.isEnabled(action, state)) return
      isStuck = false
      fired.push(action)
      const outcome = interpreter.take(action, state)
      for (const p of outcome.failedAssertions) record(p, action)
      const transition = { action, ...outcome }
      model.properties.forEach((p, i) => {
        if (p.kind === 'step' && !interpreter.isTrueOf(p, state, transition)) record(i, action)
      })
      successors.push(outcome.successor)
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      isStuck = false
      record(errors, action)
    }
  })
  if (isStuck)
    model.properties.forEach((p, i) => {
      if (p.kind !== 'deadlock') return
      const isAllowed = attempt(() => evaluate(p.allowed, state) !== 0)
      if (isAllowed === null) record(errors, -1)
      else if (!isAllowed) record(i, -1)
    })
  return { successors, fired, deadlocks: isStuck ? 1 : 0, candidates }
}

function checkByReference(model: Model, state: readonly number[]): (number | null)[] {
  const candidates: (number | null)[] = [...model.properties.map(() => null), null]
  model.properties.forEach((p, i) => {
    if (p.kind !== 'invariant' && p.kind !== 'reachable') return
    const value = attempt(() => evaluate(p.predicate, state) !== 0)
    if (value === null) candidates[candidates.length - 1] = -1
    else if (value === (p.kind === 'reachable')) candidates[i] = -1
  })
  return candidates
}

function attempt<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    if (error instanceof ModelError) return null
    throw error
  }
}

const sorted = (rows: readonly (readonly number[])[]): string[] => rows.map(r => r.join()).sort()

test('expands every state as the interpreter does', () => {
  fc.assert(
    fc.property(modelAndStates(), ({ model, states }) => {
      fc.pre(isPackable(model))
      const code = new CompiledCode(model)
      for (const state of states) {
        const reference = expandByReference(model, state)
        const compiled = code.expand(state)
        const where = `${printModel(model)}\nstate ${state.join()}`
        expect(sorted(compiled.successors), where).toEqual(sorted(reference.successors))
        expect(compiled.fired, where).toEqual(reference.fired)
        expect(compiled.deadlocks, where).toBe(reference.deadlocks)
        expect(compiled.candidates.at(-1), where).toBe(reference.candidates.at(-1))
        // Where an action meets a model error, what else was found of it is not defined.
        if (reference.candidates.at(-1) === null)
          expect(compiled.candidates, where).toEqual(reference.candidates)
        expect(compiled.successors.length).toBeLessThanOrEqual(code.compiled.maxFanout)
      }
    }),
    { numRuns: RUNS },
  )
})

test('checks the properties of every state as the interpreter does', () => {
  fc.assert(
    fc.property(modelAndStates(), ({ model, states }) => {
      fc.pre(isPackable(model))
      const code = new CompiledCode(model)
      for (const state of states)
        expect(code.check(state).candidates, printModel(model)).toEqual(
          checkByReference(model, state),
        )
    }),
    { numRuns: RUNS },
  )
})
