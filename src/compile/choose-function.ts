/**
 * Builds `choose(word..., enabled...) -> explored...`: which of the enabled special actions of a
 * state have to be explored. Sets of members are 64-bit words, member m being bit m % 64 of word
 * m / 64. The reference is `stubbornSubset`, and this does the same step for step.
 *
 *   for each seed                      abandoned as soon as it is no better than the best
 *     while there is work              members of the set that were not looked at
 *       look at one of them            a jump table; leads to `bring`
 *       bring a set                    another jump table, by condition
 */
import { defined } from '../base/assert.js'
import { not } from '../ir/expression.js'
import { typeRanges } from '../ir/model.js'
import type { Model } from '../ir/model.js'
import type { Layout } from '../layout/layout.js'
import type { Member, MemberSet, StubbornTables } from '../reduce/stubborn-tables.js'
import { ExpressionEmitter } from './expression-emitter.js'
import { FunctionBuilder } from './wasm/function-builder.js'
import type { Label, Local } from './wasm/function-builder.js'

const WORD_BITS = 64
const WORD_MASK = (1n << 64n) - 1n

/** Words that a set of so many members takes. */
export function setWords(memberCount: number): number {
  return Math.max(1, Math.ceil(memberCount / WORD_BITS))
}

/** The words of a set, `count` of them. */
export function wordsOfSet(set: MemberSet, count: number): readonly bigint[] {
  return Array.from({ length: count }, (_, k) => (set >> BigInt(WORD_BITS * k)) & WORD_MASK)
}

/** The function; it takes the words of the state and a set of actions, and gives such a set. */
export function buildChoose(model: Model, layout: Layout, tables: StubbornTables): FunctionBuilder {
  return new ChooseFunction(model, layout, tables).build()
}

class ChooseFunction {
  private readonly f: FunctionBuilder
  private readonly enabled: readonly Local[]
  private readonly best: readonly Local[]
  private readonly seeds: readonly Local[]
  private readonly set: readonly Local[]
  private readonly work: readonly Local[]
  /** Enabled actions that were no seeds yet, but for the seed itself. */
  private readonly later: readonly Local[]
  /** One member, as a set, and the word where it is. */
  private readonly least: Local
  private readonly count: Local
  private readonly bestCount: Local
  private readonly progresses: Local
  /** Position of a condition, plus one; 0 for none. */
  private readonly missing: Local
  private readonly emitter: ExpressionEmitter

  constructor(
    model: Model,
    layout: Layout,
    private readonly tables: StubbornTables,
  ) {
    const actionWords = setWords(tables.actionCount)
    const total = layout.wordCount + actionWords
    this.f = new FunctionBuilder(Array.from({ length: total }, () => 'i64' as const))
    const { f } = this
    const parameters = Array.from({ length: total }, (_, i) => f.parameter(i))
    const words = parameters.slice(0, layout.wordCount)
    this.enabled = parameters.slice(layout.wordCount)
    const locals = (n: number): Local[] => Array.from({ length: n }, () => f.local('i64'))
    this.best = locals(actionWords)
    this.seeds = locals(actionWords)
    this.set = locals(setWords(tables.members.length))
    this.work = locals(setWords(tables.members.length))
    this.later = locals(actionWords)
    this.least = f.local('i64')
    this.count = f.local('i32')
    this.bestCount = f.local('i32')
    this.progresses = f.local('i32')
    this.missing = f.local('i32')
    this.emitter = new ExpressionEmitter({
      f,
      variables: model.variables,
      layout,
      words,
      nextWords: words,
      ranges: typeRanges(model.variables),
      // Conditions cannot fail.
      onFail: () => f.op('unreachable'),
    })
  }

  build(): FunctionBuilder {
    const { f, enabled, best, bestCount, seeds, count, progresses } = this
    f.i32(0)
    for (const word of enabled) f.get(word).op('i64.popcnt', 'i32.wrap_i64', 'i32.add')
    f.set(bestCount)
    enabled.forEach((word, k) => f.get(word).tee(defined(best[k])).set(defined(seeds[k])))
    const done = f.open('block')
    const nextSeed = f.open('loop')
    f.get(bestCount).i32(1).op('i32.le_s').brIf(done)
    this.emitSeed(done)
    f.i32(0).set(count).i32(0).set(progresses)
    this.emitClosure(nextSeed)
    f.get(progresses).op('i32.eqz').brIf(nextSeed)
    f.get(count).set(bestCount)
    best.forEach((word, k) =>
      f.get(defined(this.set[k])).get(defined(enabled[k])).op('i64.and').set(word),
    )
    f.br(nextSeed)
    f.end()
    f.end()
    for (const word of best) f.get(word)
    return f
  }

  /** Takes the least seed as set and work; leaves to `done` if there is none. */
  private emitSeed(done: Label): void {
    const { f, seeds, set, work, later } = this
    for (const word of [...set, ...work]) f.i64(0n).set(word)
    seeds.forEach((word, k) => f.get(word).set(defined(later[k])))
    const taken = f.open('block')
    seeds.forEach((word, k) => {
      const empty = f.open('block')
      this.emitLeast([word], empty)
      f.get(this.least).tee(defined(set[k])).set(defined(work[k]))
      f.get(word).get(this.least).op('i64.xor').set(word)
      f.br(taken)
      f.end()
    })
    f.br(done)
    f.end()
  }

  /** Sets `least` to the least member of the intersection of words; leaves if there is none. */
  private emitLeast(words: readonly Local[], empty: Label): void {
    const { f, least } = this
    words.forEach((word, i) => {
      f.get(word)
      if (i > 0) f.op('i64.and')
    })
    f.tee(least).op('i64.eqz').brIf(empty)
    f.i64(0n).get(least).op('i64.sub').get(least).op('i64.and').set(least)
  }

  /** Closes the set; leaves to `abandon` once it cannot be the best any more. */
  private emitClosure(abandon: Label): void {
    const { f, work, missing, tables, enabled, least } = this
    const closed = f.open('block')
    const again = f.open('loop')
    const bring = f.open('block')
    const looks = work.map(() => f.open('block')).reverse()
    const choices = [...enabled.keys()].map((k): [number, Local[]] => [
      k,
      [defined(work[k]), defined(enabled[k])],
    ])
    for (const [k, words] of [...choices, ...work.map((w, k): [number, Local[]] => [k, [w]])]) {
      const empty = f.open('block')
      this.emitLeast(words, empty)
      f.br(defined(looks[k]))
      f.end()
    }
    f.br(closed)
    work.forEach((word, k) => {
      f.end()
      f.get(word).get(least).op('i64.xor').set(word)
      const members = tables.members.slice(WORD_BITS * k, WORD_BITS * (k + 1))
      const labels = members.map(() => f.open('block')).reverse()
      f.get(least).op('i64.ctz', 'i32.wrap_i64')
      f.brTable(labels.slice(0, -1), defined(labels.at(-1)))
      members.forEach((member, i) => {
        f.end()
        this.emitMember(member, WORD_BITS * k + i, { again, bring, abandon })
      })
    })
    f.end()
    this.emitBring(missing, again)
    f.end()
    f.end()
  }

  /** Looks at one member; always leaves. */
  private emitMember(
    { dependents, needs, changing, isSticky }: Member,
    position: number,
    { again, bring, abandon }: Record<'again' | 'bring' | 'abandon', Label>,
  ): void {
    const { f, count, bestCount, missing, tables } = this
    if (position < tables.actionCount) {
      const bit = 1n << BigInt(position % WORD_BITS)
      const k = Math.floor(position / WORD_BITS)
      f.get(defined(this.enabled[k])).i64(bit).op('i64.and').i64(0n).op('i64.ne')
      f.open('if')
      f.get(defined(this.later[k])).i64(bit).op('i64.and', 'i64.eqz').brIf(abandon)
      f.get(count).i32(1).op('i32.add').tee(count).get(bestCount).op('i32.ge_u').brIf(abandon)
      if (!isSticky) f.i32(1).set(this.progresses)
      this.emitAdd(dependents)
      f.br(again)
      f.end()
    }
    f.i32(0).set(missing)
    for (const need of needs) this.emitNeed(need, bring)
    f.get(missing).brIf(bring)
    this.emitAdd(changing)
    f.br(again)
  }

  /**
   * A condition that is false is noted as missing if it is the first. It leaves to `bring` if it
   * brings no new enabled action.
   */
  private emitNeed(position: number, bring: Label): void {
    const { f, missing, tables, enabled, set } = this
    const { expression, enabling } = defined(tables.conditions[position])
    this.emitter.emit(not(expression))
    f.open('if')
    const loud = f.open('block')
    wordsOfSet(enabling, enabled.length).forEach((word, k) => {
      if (word === 0n) return
      f.get(defined(set[k])).i64(-1n).op('i64.xor').i64(word).op('i64.and')
      f.get(defined(enabled[k])).op('i64.and').i64(0n).op('i64.ne').brIf(loud)
    })
    f.i32(position + 1)
      .set(missing)
      .br(bring)
    f.end()
    f.get(missing)
      .i32(position + 1)
      .get(missing)
      .op('select')
      .set(missing)
    f.end()
  }

  /** Adds what may make the missing condition true. */
  private emitBring(missing: Local, again: Label): void {
    const { f, tables } = this
    const labels = tables.conditions.map(() => f.open('block')).reverse()
    const [first] = labels
    if (first !== undefined) f.get(missing).i32(1).op('i32.sub').brTable(labels, first)
    for (const { enabling } of tables.conditions) {
      f.end()
      this.emitAdd(enabling)
      f.br(again)
    }
  }

  /** Adds members to the set, and to the work if they are new. */
  private emitAdd(members: MemberSet): void {
    const { f, set, work } = this
    wordsOfSet(members, set.length).forEach((word, k) => {
      if (word === 0n) return
      const [inSet, inWork] = [defined(set[k]), defined(work[k])]
      f.get(inSet).i64(-1n).op('i64.xor').i64(word).op('i64.and')
      f.get(inWork).op('i64.or').set(inWork)
      f.get(inSet).i64(word).op('i64.or').set(inSet)
    })
  }
}
