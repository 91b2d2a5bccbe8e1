/**
 * Coverage on generated models: what the compiled code counts is what the reference semantics
 * counts, for one worker and for several; and counting changes nothing else.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import { evaluate } from '../../src/interpret/evaluate.js'
import type { State } from '../../src/interpret/evaluate.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import type { Model, Update } from '../../src/ir/model.js'
import { premiseOf } from '../../src/ir/premise.js'
import { layoutOf } from '../../src/layout/layout.js'
import { isPackable } from '../compile/compiled-code.js'
import { printModel } from '../generators/print-model.js'
import { boundedSearch, randomModel } from '../generators/random-model.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 60)

/** How often, and at which depth first. */
interface Counter {
  count: number
  depth: number | null
}

/** Counts by walking the space as the interpreter sees it. */
class Reference {
  readonly actions: Counter[]
  readonly properties: Counter[]
  readonly levels: number[] = []
  private readonly visited = new Set<string>()
  private next: State[] = []

  constructor(private readonly model: Model) {
    const zero = (): Counter => ({ count: 0, depth: null })
    this.actions = model.actions.map(zero)
    this.properties = model.properties.map(zero)
    const interpreter = new Interpreter(model)
    this.reach(interpreter.initial(), 0)
    for (let depth = 1, level = this.next; level.length > 0; level = this.next, depth++) {
      this.levels.push(level.length)
      this.next = []
      for (const state of level)
        for (const { action, successor } of interpreter.transitions(state))
          this.follow(state, action, successor, depth)
    }
  }

  private reach(state: State, depth: number): void {
    if (this.visited.has(state.join())) return
    this.visited.add(state.join())
    this.next.push(state)
    this.model.properties.forEach((p, i) => {
      if (p.kind !== 'invariant' && p.kind !== 'reachable') return
      const premise = p.kind === 'invariant' ? premiseOf(p.predicate) : p.predicate
      if (evaluate(premise, state) !== 0) add(this.properties[i]!, depth)
    })
  }

  private follow(state: State, action: number, successor: State, depth: number): void {
    add(this.actions[action]!, depth)
    const reached = new Set<number>()
    reachAssertions(this.model.actions[action]!.updates, state, reached)
    this.model.properties.forEach((p, i) => {
      const isInteresting =
        p.kind === 'step'
          ? evaluate(premiseOf(p.predicates[action]!), state, successor) !== 0
          : reached.has(i)
      if (isInteresting) add(this.properties[i]!, depth)
    })
    this.reach(successor, depth)
  }
}

function add(counter: Counter, depth: number): void {
  counter.count++
  counter.depth ??= depth
}

function reachAssertions(updates: readonly Update[], state: State, reached: Set<number>): void {
  for (const u of updates)
    if (u.kind === 'assert') reached.add(u.property)
    else if (u.kind === 'if')
      reachAssertions(evaluate(u.condition, state) === 0 ? u.otherwise : u.then, state, reached)
}

test('counts what the interpreter counts, with any number of workers', async () => {
  let compared = 0
  let premises = 0
  await fc.assert(
    fc.asyncProperty(
      randomModel({ mayFail: false }),
      fc.integer({ min: 2, max: 4 }),
      async (model, workers) => {
        fc.pre(isPackable(model) && boundedSearch(model) !== null)
        compared++
        const text = printModel(model)
        const { actions, properties, levels } = new Reference(model)
        const options = { keepGoing: true, tableBytesInitial: 4096 }
        const compiled = compile(model, layoutOf(model), null, { coverage: 'counts' })
        const one = await explore(compiled, { ...options, workers: 1, inline: true })
        expect(one.coverage, text).toEqual({ actions, properties })
        const log = one.levels
        expect(levels.map((_, depth) => log.rowCount(depth))).toEqual(levels)
        const several = await explore(compiled, { ...options, workers })
        expect(several.coverage, text).toEqual(one.coverage)
        const witnessed = compile(model, layoutOf(model), null, { coverage: 'witnesses' })
        const brief = await explore(witnessed, { ...options, workers: 1, inline: true })
        const once = properties.map(p => ({ ...p, count: Math.min(1, p.count) }))
        expect(brief.coverage, text).toEqual({ actions, properties: once })
        const without = await explore(compile(model), { ...options, workers: 1, inline: true })
        expect(without.coverage).toBeNull()
        for (const key of ['states', 'transitions', 'deadlocks', 'candidates', 'fired'] as const)
          expect(without[key], text).toEqual(one[key])
        if (properties.some(p => p.count > 0 && p.count < one.states)) premises++
      },
    ),
    { numRuns: RUNS },
  )
  expect(compared).toBeGreaterThan(RUNS / 2)
  expect(premises).toBeGreaterThan(0)
})
