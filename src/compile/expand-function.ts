/**
 * Builds `expand(input, count, output, limit, context) -> consumed`: all successors of a batch of
 * states, found along the decision tree.
 */
import { FALSE, isFalse, isTrue, not, or } from '../ir/expression.js'
import type { Expression } from '../ir/expression.js'
import { typeRanges } from '../ir/model.js'
import { relevantStepPredicate, relevantStepPremise } from '../ir/step-predicate.js'
import type { Model } from '../ir/model.js'
import { rangeOf } from '../ir/type.js'
import type { Layout } from '../layout/layout.js'
import { fuseAtoms } from './atoms.js'
import type { CoverageMode } from './compiled-model.js'
import { CONTEXT_DEADLOCKS, CONTEXT_FIRED, CONTEXT_OUTPUT_END } from './compiled-model.js'
import { emitBranchIfCounted, emitCount } from './coverage-emitter.js'
import { sortedCases } from './decision-tree.js'
import type { Candidate, DecisionNode, DecisionTree } from './decision-tree.js'
import { ExpressionEmitter, equals } from './expression-emitter.js'
import { RecordEmitter } from './record-emitter.js'
import { SuccessorSelector } from './successor-selector.js'
import type { Selection } from './successor-selector.js'
import { UpdateEmitter } from './update-emitter.js'
import { FunctionBuilder } from './wasm/function-builder.js'
import type { FunctionIndex, Label, Local } from './wasm/function-builder.js'

/** From this many cases on, a switch is a jump table. */
const TABLE_MIN = 3

/** Most values of a variable for which a jump table is emitted. */
const TABLE_SIZE_MAX = 256

/** What the function is built from. */
export interface ExpandOptions {
  readonly model: Model
  readonly layout: Layout
  readonly tree: DecisionTree
  /** Most successors of one state. */
  readonly maxFanout: number
  /** Index of the recording function. */
  readonly record: FunctionIndex
  /** Count what happens instead of marking it. */
  readonly coverage: CoverageMode
  /** What reduces by partial order; null explores every enabled action. */
  readonly selection: Selection | null
}

/** The function. */
export function buildExpand(options: ExpandOptions): FunctionBuilder {
  return new ExpandFunction(options).build()
}

class ExpandFunction {
  private readonly f = new FunctionBuilder(['i32', 'i32', 'i32', 'i32', 'i32'])
  private readonly input = this.f.parameter(0)
  private readonly count = this.f.parameter(1)
  private readonly output = this.f.parameter(2)
  private readonly limit = this.f.parameter(3)
  private readonly context = this.f.parameter(4)
  private readonly words: readonly Local[]
  private readonly fired = this.f.local('i32')
  /** 1 once an action of the state met a model error: then no transition does not mean deadlock. */
  private readonly failed = this.f.local('i32')
  private readonly records: RecordEmitter
  private readonly rowBytes: number
  private readonly selector: SuccessorSelector | null
  private readonly ranges: ReturnType<typeof typeRanges>

  constructor(private readonly options: ExpandOptions) {
    const { layout, model, record } = options
    const { f, context } = this
    this.words = Array.from({ length: layout.wordCount }, () => f.local('i64'))
    this.rowBytes = 8 * layout.wordCount
    this.ranges = typeRanges(model.variables)
    const { selection } = options
    this.selector =
      selection === null ? null : new SuccessorSelector(f, selection, this.words, this.rowBytes)
    this.records = new RecordEmitter(f, record, context, this.words, model.properties.length)
  }

  build(): FunctionBuilder {
    const { f, input, count, output, limit, context, words, fired, rowBytes } = this
    const consumed = f.local('i32')
    const rowStart = f.local('i32')
    f.i32(0).set(consumed)
    f.get(context).memory('i32.load', CONTEXT_FIRED).set(fired)
    f.get(limit)
      .i32(this.options.maxFanout * rowBytes)
      .op('i32.sub')
      .set(limit)
    const done = f.open('block')
    const next = f.open('loop')
    f.get(consumed).get(count).op('i32.ge_u').brIf(done)
    f.get(output).get(limit).op('i32.gt_u').brIf(done)
    words.forEach((word, w) =>
      f
        .get(input)
        .memory('i64.load', 8 * w)
        .set(word),
    )
    f.get(input).i32(rowBytes).op('i32.add').set(input)
    f.get(output).set(rowStart)
    f.i32(0).set(this.failed)
    this.selector?.emitReset()
    this.emitTree(this.options.tree, [])
    this.emitDeadlock(rowStart)
    this.selector?.emitSelect(rowStart, output, this.failed)
    f.get(consumed).i32(1).op('i32.add').set(consumed)
    f.br(next)
    f.end()
    f.end()
    f.get(context).get(output).memory('i32.store', CONTEXT_OUTPUT_END)
    f.get(consumed)
    return f
  }

  /** An emitter where `facts` hold; `onFail` leaves to `skip` after recording a model error. */
  private emitter(
    facts: readonly Expression[],
    action: number,
    skip: Label,
    nextWords: readonly Local[] = this.words,
  ): ExpressionEmitter {
    const { f, words, records } = this
    const { layout, model } = this.options
    const onFail = (): void => {
      records.emitModelError(action)
      f.i32(1).set(this.failed).br(skip)
    }
    const { ranges } = this
    const { variables } = model
    const plain = new ExpressionEmitter({ f, variables, layout, words, nextWords, ranges, onFail })
    return facts.reduce((emitter, fact) => emitter.where(fact), plain)
  }

  private emitTree(tree: DecisionTree, facts: readonly Expression[]): void {
    for (const node of tree)
      if (node.kind === 'leaf') this.emitAction(node.candidate, facts)
      else this.emitSwitch(node, facts)
  }

  private emitSwitch(
    { variable, cases }: DecisionNode & { readonly kind: 'switch' },
    facts: readonly Expression[],
  ): void {
    const { model, layout } = this.options
    const { lo, hi } = rangeOf(model.variables[variable]!.type)
    const sorted = sortedCases(cases)
    if (sorted.length >= TABLE_MIN && hi - lo < TABLE_SIZE_MAX) {
      this.emitTable(variable, lo, hi, sorted, facts)
      return
    }
    const { f } = this
    for (const [value, tree] of sorted) {
      const [test] = fuseAtoms([{ variable, value }], layout) ?? []
      const inner = [...facts, equals(variable, value)]
      if (test === undefined) {
        this.emitTree(tree, inner)
        continue
      }
      const skip = f.open('block')
      this.emitter(facts, 0, skip).emitMaskTest(test, true)
      f.brIf(skip)
      this.emitTree(tree, inner)
      f.end()
    }
  }

  private emitTable(
    variable: number,
    lo: number,
    hi: number,
    cases: readonly (readonly [number, DecisionTree])[],
    facts: readonly Expression[],
  ): void {
    const { f } = this
    const done = f.open('block')
    const labels = cases.map(() => f.open('block')).reverse()
    const targets = Array.from({ length: hi - lo + 1 }, (_, i) => {
      const position = cases.findIndex(([value]) => value === lo + i)
      return position < 0 ? done : labels[position]!
    })
    this.emitter([], 0, done).emitField(variable, this.words)
    f.brTable(targets, done)
    cases.forEach(([value, tree]) => {
      f.end()
      this.emitTree(tree, [...facts, equals(variable, value)])
      f.br(done)
    })
    f.end()
  }

  private emitAction(
    { action, atoms, total, partial }: Candidate,
    facts: readonly Expression[],
  ): void {
    const { f, fired } = this
    const { layout, model } = this.options
    const skip = f.open('block')
    const plain = this.emitter(facts, action, skip)
    for (const test of fuseAtoms(atoms, layout) ?? []) {
      plain.emitMaskTest(test, true)
      f.brIf(skip)
    }
    let known = atoms.reduce((e, a) => e.where(equals(a.variable, a.value)), plain)
    for (const e of [...total, ...partial]) {
      known.emit(not(e))
      f.brIf(skip)
      known = known.where(e)
    }
    if (this.options.coverage !== 'none') emitCount(f, fired, action)
    else f.get(fired).i32(1).memory('i32.store8', action)
    const updates = new UpdateEmitter(known, model.actions[action]!.updates)
    updates.emit()
    this.emitActionProperties(action, updates, known)
    updates.nextWords.forEach((word, w) =>
      f
        .get(this.output)
        .get(word)
        .memory('i64.store', 8 * w),
    )
    f.get(this.output).i32(this.rowBytes).op('i32.add').set(this.output)
    updates.release()
    this.selector?.emitEnabled(action, known)
    f.end()
  }

  /** Assertions inside the action, and step properties. */
  private emitActionProperties(
    action: number,
    updates: UpdateEmitter,
    known: ExpressionEmitter,
  ): void {
    const { model } = this.options
    for (const { property, holds } of updates.assertions()) {
      known.emit(holds)
      this.records.emitRecordIfZero(property, action)
    }
    const after = new ExpressionEmitter({ ...known.context, nextWords: updates.nextWords })
    model.properties.forEach((p, property) => {
      if (p.kind !== 'step') return
      const predicate = relevantStepPredicate(p, action, model)
      if (isTrue(predicate)) return
      after.emit(predicate)
      this.records.emitRecordIfZero(property, action)
    })
    if (this.options.coverage !== 'none') this.emitPremises(action, updates, after)
  }

  /** Counts the properties of transitions that are interesting here. */
  private emitPremises(action: number, updates: UpdateEmitter, after: ExpressionEmitter): void {
    const { f, fired } = this
    const { model, coverage } = this.options
    model.properties.forEach((p, property) => {
      let premise = FALSE
      if (p.kind === 'step') premise = relevantStepPremise(p, action, model)
      else if (p.kind === 'assertion')
        premise = or(...updates.assertions().flatMap(a => (a.property === property ? a.path : [])))
      if (isFalse(premise)) return
      const boring = f.open('block')
      const counter = model.actions.length + property
      if (coverage === 'witnesses') emitBranchIfCounted(f, fired, counter, boring)
      if (!isTrue(premise)) {
        // What fails here has failed in the property itself, or was not evaluated there.
        const onFail = (): void => {
          f.br(boring)
        }
        new ExpressionEmitter({ ...after.context, onFail }).emit(premise)
        f.op('i32.eqz').brIf(boring)
      }
      emitCount(f, fired, counter)
      f.end()
    })
  }

  private emitDeadlock(rowStart: Local): void {
    const { f, context, output, records } = this
    const property = this.options.model.properties.findIndex(p => p.kind === 'deadlock')
    const skip = f.open('block')
    f.get(output).get(rowStart).op('i32.ne').get(this.failed).op('i32.or').brIf(skip)
    f.get(context).get(context).memory('i64.load', CONTEXT_DEADLOCKS).i64(1n).op('i64.add')
    f.memory('i64.store', CONTEXT_DEADLOCKS)
    const deadlock = this.options.model.properties[property]
    if (deadlock?.kind === 'deadlock') {
      this.emitter([], -1, skip).emit(deadlock.allowed)
      records.emitRecordIfZero(property, -1)
    }
    f.end()
  }
}
