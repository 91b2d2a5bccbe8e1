/**
 * Runs the functions of a compiled model on states of the tests' choice, without the explorer:
 * one memory, one context, values in and out.
 */
import { Diagnostic } from '../../src/base/diagnostic.js'
import {
  CONTEXT_ACTIVE,
  CONTEXT_CANDIDATES,
  CONTEXT_DEADLOCKS,
  CONTEXT_FIRED,
  CONTEXT_OUTPUT_END,
  candidateBytes,
  contextBytes,
} from '../../src/compile/compiled-model.js'
import type { CompiledModel } from '../../src/compile/compiled-model.js'
import { compile } from '../../src/compile/compile.js'
import type { Model } from '../../src/ir/model.js'
import type { StubbornTables } from '../../src/reduce/stubborn-tables.js'
import type { SymmetryGroup } from '../../src/reduce/symmetry-group.js'
import { layoutOf, pack, unpack } from '../../src/layout/layout.js'
import type { Layout } from '../../src/layout/layout.js'

/** What one call left behind. */
export interface CompiledOutcome {
  /** Successors in the order written. */
  readonly successors: readonly (readonly number[])[]
  readonly deadlocks: number
  /** Action instances that fired, ascending. */
  readonly fired: readonly number[]
  /** By property, model errors last: the action of the candidate, or null if there is none. */
  readonly candidates: readonly (number | null)[]
}

const CONTEXT = 1024
const PAGE_BYTES = 65_536

/** The compiled code of one model, ready to be called. */
export class CompiledCode {
  readonly compiled: CompiledModel
  readonly layout: Layout
  private readonly memory: WebAssembly.Memory
  private readonly exports: Readonly<
    Record<'expand' | 'check' | 'canonicalize', (...n: number[]) => number>
  >

  constructor(
    readonly model: Model,
    group: SymmetryGroup | null = null,
    stubborn: StubbornTables | null = null,
  ) {
    this.layout = layoutOf(model)
    this.compiled = compile(model, this.layout, group, { stubborn })
    this.memory = new WebAssembly.Memory({ initial: 64, maximum: 65_536, shared: true })
    const module = new WebAssembly.Module(this.compiled.wasm as Uint8Array<ArrayBuffer>)
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } })
    this.exports = instance.exports as unknown as typeof this.exports
  }

  /** Expands one state. */
  expand(state: readonly number[]): CompiledOutcome {
    return this.run(state, (input, output, limit) =>
      this.exports.expand(input, 1, output, limit, CONTEXT),
    )
  }

  /** Evaluates the properties of states on one state. */
  check(state: readonly number[]): CompiledOutcome {
    return this.run(state, input => this.exports.check(input, 1, CONTEXT))
  }

  /** The representatives of states, all rows in one call. The code needs a group. */
  canonicalize(states: readonly (readonly number[])[]): readonly (readonly number[])[] {
    const { strideWords } = this.compiled
    const words = new BigUint64Array(this.memory.buffer, CONTEXT, states.length * strideWords)
    states.forEach((state, i) => words.set(pack(this.layout, state), i * strideWords))
    this.exports.canonicalize(CONTEXT, states.length)
    return states.map((_, i) =>
      unpack(this.layout, words.slice(i * strideWords, (i + 1) * strideWords)),
    )
  }

  private run(
    state: readonly number[],
    call: (input: number, output: number, limit: number) => void,
  ): CompiledOutcome {
    const { buffer } = this.memory
    const view = new DataView(buffer)
    const { compiled } = this
    const rowBytes = 8 * compiled.strideWords
    const fired = CONTEXT + Math.ceil(contextBytes(compiled) / 8) * 8
    const input = fired + Math.ceil(compiled.actionCount / 8) * 8
    const output = input + rowBytes
    new Uint8Array(buffer, CONTEXT, output - CONTEXT).fill(0)
    view.setBigInt64(CONTEXT + CONTEXT_ACTIVE, -1n, true)
    view.setUint32(CONTEXT + CONTEXT_FIRED, fired, true)
    view.setUint32(CONTEXT + CONTEXT_OUTPUT_END, output, true)
    new BigUint64Array(buffer, input, compiled.strideWords).set(pack(this.layout, state))
    call(input, output, 64 * PAGE_BYTES)
    const end = view.getUint32(CONTEXT + CONTEXT_OUTPUT_END, true)
    const successors: number[][] = []
    for (let row = output; row < end; row += rowBytes)
      successors.push(unpack(this.layout, new BigUint64Array(buffer, row, compiled.strideWords)))
    const firedBytes = new Uint8Array(buffer, fired, compiled.actionCount)
    const candidates = Array.from({ length: compiled.properties.length + 1 }, (_, p) => {
      const record = CONTEXT + CONTEXT_CANDIDATES + p * candidateBytes(compiled.strideWords)
      return view.getInt32(record, true) === 0 ? null : view.getInt32(record + 4, true)
    })
    return {
      successors,
      deadlocks: Number(view.getBigInt64(CONTEXT + CONTEXT_DEADLOCKS, true)),
      fired: [...firedBytes.keys()].filter(i => firedBytes[i] !== 0),
      candidates,
    }
  }
}

/** False if the model's states are too wide to be packed. */
export function isPackable(model: Model): boolean {
  try {
    layoutOf(model)
    return true
  } catch (error) {
    if (error instanceof Diagnostic && error.code === 'ZC306') return false
    throw error
  }
}
