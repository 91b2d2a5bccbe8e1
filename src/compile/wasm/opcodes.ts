/**
 * The WebAssembly instructions that the compiler emits, with their binary opcodes.
 * Source: WebAssembly Core Specification 2.0, section 5.4.
 */

/** Value types. */
export const valueType = { i32: 0x7f, i64: 0x7e } as const
/** Name of a value type. */
export type ValueType = keyof typeof valueType

/** Instructions without immediate operands. */
export const simpleOpcode = {
  unreachable: 0x00,
  else: 0x05,
  end: 0x0b,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_s': 0x4a,
  'i32.gt_u': 0x4b,
  'i32.le_s': 0x4c,
  'i32.ge_u': 0x4f,
  'i64.eqz': 0x50,
  'i64.eq': 0x51,
  'i64.ne': 0x52,
  'i64.lt_u': 0x54,
  'i64.gt_u': 0x56,
  'i32.popcnt': 0x69,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.rem_s': 0x6f,
  'i32.rem_u': 0x70,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_u': 0x76,
  'i64.ctz': 0x7a,
  'i64.popcnt': 0x7b,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.mul': 0x7e,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
  'i64.shr_u': 0x88,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_u': 0xad,
} as const
/** Name of an instruction without immediates. */
export type SimpleOpcode = keyof typeof simpleOpcode

/** Instructions that open a block; the immediate is the block's result type. */
export const blockOpcode = { block: 0x02, loop: 0x03, if: 0x04 } as const
/** Name of an instruction that opens a block. */
export type BlockOpcode = keyof typeof blockOpcode

/** Block type of a block without a result. */
export const NO_RESULT = 0x40

/** Instructions with one index as immediate. */
export const indexOpcode = {
  br: 0x0c,
  br_if: 0x0d,
  call: 0x10,
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
} as const
/** Name of an instruction with one index. */
export type IndexOpcode = keyof typeof indexOpcode

/** `br_table`: a vector of labels and a default label. */
export const BR_TABLE = 0x0e

/** Memory instructions: alignment (log2 of bytes) and offset follow. */
export const memoryOpcode = {
  'i32.load': { code: 0x28, align: 2 },
  'i64.load': { code: 0x29, align: 3 },
  'i32.store': { code: 0x36, align: 2 },
  'i64.store': { code: 0x37, align: 3 },
  'i32.store8': { code: 0x3a, align: 0 },
} as const
/** Name of a memory instruction. */
export type MemoryOpcode = keyof typeof memoryOpcode

/** `i32.const`, `i64.const`: a signed LEB128 number follows. */
export const constOpcode = { 'i32.const': 0x41, 'i64.const': 0x42 } as const
