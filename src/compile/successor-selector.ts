/**
 * Partial-order reduction inside `expand`: notes which special actions of a state are enabled, asks
 * `choose` which of them are to be explored, and closes the gaps that the others leave among the
 * state's successors.
 *
 * Members are numbered in the order in which `expand` writes successors, so the n-th row of a state
 * is that of the n-th enabled member.
 */
import { defined } from '../base/assert.js'
import { and } from '../ir/expression.js'
import type { Member, StubbornTables } from '../reduce/stubborn-tables.js'
import { setWords } from './choose-function.js'
import type { ExpressionEmitter } from './expression-emitter.js'
import type { FunctionBuilder, FunctionIndex, Local } from './wasm/function-builder.js'

const WORD_BITS = 64

/** Tables, made for `successorOrder`, and the function that uses them. */
export interface Selection {
  readonly tables: StubbornTables
  readonly choose: FunctionIndex
}

/** Emits the parts of the reduction into `expand`. */
export class SuccessorSelector {
  private readonly enabled: readonly Local[]
  private readonly explored: readonly Local[]
  private readonly members = new Map<number, [Member, number][]>()

  constructor(
    private readonly f: FunctionBuilder,
    private readonly selection: Selection,
    private readonly words: readonly Local[],
    private readonly rowBytes: number,
  ) {
    const { members, actionCount } = selection.tables
    const locals = (): Local[] =>
      Array.from({ length: setWords(actionCount) }, () => f.local('i64'))
    this.enabled = locals()
    this.explored = locals()
    members.slice(0, actionCount).forEach((member, position) => {
      const { origin } = member.special
      this.members.set(origin, [...(this.members.get(origin) ?? []), [member, position]])
    })
  }

  /** At the start of a state. */
  emitReset(): void {
    for (const word of this.enabled) this.f.i64(0n).set(word)
  }

  /** Where an action's successor was written. */
  emitEnabled(action: number, known: ExpressionEmitter): void {
    const { f } = this
    const specials = this.members.get(action) ?? []
    for (const [{ special }, position] of specials) {
      const word = defined(this.enabled[Math.floor(position / WORD_BITS)])
      const isOne = special.choice.length === 0
      if (!isOne) {
        known.emit(and(...special.choice))
        f.open('if')
      }
      f.get(word)
        .i64(1n << BigInt(position % WORD_BITS))
        .op('i64.or')
        .set(word)
      if (!isOne) f.end()
    }
  }

  /**
   * At the end of a state whose successors lie from `rowStart` to `output`: keeps those to be
   * explored and moves `output`. A state in which an action failed keeps all.
   */
  emitSelect(rowStart: Local, output: Local, failed: Local): void {
    const { f, enabled, explored, words } = this
    const skip = f.open('block')
    f.get(failed).brIf(skip)
    f.get(output)
      .get(rowStart)
      .op('i32.sub')
      .i32(2 * this.rowBytes)
      .op('i32.lt_u')
      .brIf(skip)
    for (const word of [...words, ...enabled]) f.get(word)
    f.call(this.selection.choose)
    for (const word of [...explored].reverse()) f.set(word)
    f.i64(0n)
    enabled.forEach((word, k) => f.get(word).get(defined(explored[k])).op('i64.xor', 'i64.or'))
    f.op('i64.eqz').brIf(skip)
    this.emitCompaction(rowStart, output)
    f.end()
  }

  private emitCompaction(rowStart: Local, output: Local): void {
    const { f, enabled, explored, rowBytes } = this
    f.get(rowStart).set(output)
    enabled.forEach((word, k) => {
      const done = f.open('block')
      const next = f.open('loop')
      f.get(word).op('i64.eqz').brIf(done)
      f.i64(0n).get(word).op('i64.sub').get(word).op('i64.and')
      f.get(defined(explored[k])).op('i64.and').i64(0n).op('i64.ne')
      f.open('if')
      for (let offset = 0; offset < rowBytes; offset += 8)
        f.get(output).get(rowStart).memory('i64.load', offset).memory('i64.store', offset)
      f.get(output).i32(rowBytes).op('i32.add').set(output)
      f.end()
      f.get(rowStart).i32(rowBytes).op('i32.add').set(rowStart)
      f.get(word).get(word).i64(1n).op('i64.sub', 'i64.and').set(word)
      f.br(next)
      f.end()
      f.end()
    })
  }
}
