/**
 * Builds the body of one WebAssembly function. Labels are objects, so that a branch does not depend
 * on how deep the code around it is nested; locals are taken and given back.
 */
import { assert, defined } from '../../base/assert.js'
import { concatenate, vector, writeSigned, writeSigned32, writeUnsigned } from './bytes.js'
import {
  BR_TABLE,
  NO_RESULT,
  blockOpcode,
  constOpcode,
  indexOpcode,
  memoryOpcode,
  simpleOpcode,
  valueType,
} from './opcodes.js'
import type { BlockOpcode, MemoryOpcode, SimpleOpcode, ValueType } from './opcodes.js'

/** A local variable or parameter. */
export interface Local {
  readonly index: number
  readonly type: ValueType
}

/** A block that can be branched to. */
export interface Label {
  readonly depth: number
}

/** Another function of the module, by index. */
export type FunctionIndex = number

/** Collects instructions; call `finish` once. */
export class FunctionBuilder {
  private readonly code: number[] = []
  private readonly localTypes: ValueType[] = []
  private readonly free: Record<ValueType, Local[]> = { i32: [], i64: [] }
  private depth = 0

  constructor(readonly parameters: readonly ValueType[]) {}

  parameter(index: number): Local {
    return { index, type: defined(this.parameters[index]) }
  }

  /** A local of this type; its value is undefined until set. */
  local(type: ValueType): Local {
    const reused = this.free[type].pop()
    if (reused !== undefined) return reused
    const index = this.parameters.length + this.localTypes.push(type) - 1
    return { index, type }
  }

  /** Gives a local back for reuse. */
  release(...locals: readonly Local[]): void {
    for (const local of locals) this.free[local.type].push(local)
  }

  op(...names: readonly SimpleOpcode[]): this {
    for (const name of names) this.code.push(simpleOpcode[name])
    return this
  }

  i32(value: number): this {
    assert(Number.isInteger(value), 'i32.const takes an integer')
    this.code.push(constOpcode['i32.const'])
    writeSigned32(this.code, value | 0)
    return this
  }

  /** Any 64-bit pattern, signed or unsigned. */
  i64(value: bigint): this {
    this.code.push(constOpcode['i64.const'])
    writeSigned(this.code, BigInt.asIntN(64, value))
    return this
  }

  get(local: Local): this {
    return this.indexed('local.get', local.index)
  }
  set(local: Local): this {
    return this.indexed('local.set', local.index)
  }
  tee(local: Local): this {
    return this.indexed('local.tee', local.index)
  }
  call(f: FunctionIndex): this {
    return this.indexed('call', f)
  }

  /** A load or store at `offset` bytes from the address on the stack. */
  memory(name: MemoryOpcode, offset = 0): this {
    const { code, align } = memoryOpcode[name]
    this.code.push(code, align)
    writeUnsigned(this.code, offset)
    return this
  }

  /** Opens a block, loop or if; `end` closes it. */
  open(kind: BlockOpcode, result?: ValueType): Label {
    this.code.push(blockOpcode[kind], result === undefined ? NO_RESULT : valueType[result])
    this.depth++
    return { depth: this.depth }
  }
  else(): this {
    return this.op('else')
  }
  end(): this {
    this.depth--
    assert(this.depth >= 0, 'an end has an open block')
    return this.op('end')
  }

  br(to: Label): this {
    return this.indexed('br', this.depth - to.depth)
  }
  brIf(to: Label): this {
    return this.indexed('br_if', this.depth - to.depth)
  }
  brTable(to: readonly Label[], otherwise: Label): this {
    this.code.push(BR_TABLE)
    writeUnsigned(this.code, to.length)
    for (const label of [...to, otherwise]) writeUnsigned(this.code, this.depth - label.depth)
    return this
  }

  /** Size of the instructions so far, bytes. */
  get sizeBytes(): number {
    return this.code.length
  }

  /** The function's body as the code section wants it: locals, instructions, end. */
  finish(): Uint8Array<ArrayBuffer> {
    assert(this.depth === 0, 'all blocks are closed')
    const locals = vector(this.localTypes.map(type => [1, valueType[type]]))
    return concatenate([locals, this.code, [simpleOpcode.end]])
  }

  private indexed(name: keyof typeof indexOpcode, index: number): this {
    this.code.push(indexOpcode[name])
    writeUnsigned(this.code, index)
    return this
  }
}
