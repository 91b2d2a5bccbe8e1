/**
 * What a permutation of elements does to the bits of a packed state. Bits that move by the same
 * distance between the same words move together, under one mask; a field that holds an element is
 * renamed through a table that fits one constant.
 *
 *   vcpu[1] vcpu[0] lock        vcpu[0] vcpu[1] lock       swapped: mask 0b0000_1111 stays,
 *      0101    0011 1111   ->      0011    0101 1111       0b1111_0000 up by 4, and down by 4
 */
import { assert, defined } from '../base/assert.js'
import type { StatePermutation } from '../ir/permutation.js'
import { permuteValue } from '../ir/permutation.js'
import type { Model } from '../ir/model.js'
import { rangeOf } from '../ir/type.js'
import { WORD_BITS } from '../layout/layout.js'
import type { Field, Layout } from '../layout/layout.js'

/** Bits `mask` of word `from` go to word `to`, `shift` bits higher (lower if negative). */
export interface BitMove {
  readonly from: number
  readonly to: number
  readonly shift: number
  readonly mask: bigint
}

/** A field whose values are renamed on the way to another one of the same width. */
export interface FieldRenaming {
  readonly from: Field
  readonly to: Field
  /** New values by old value, `from.widthBits` bits each. */
  readonly table: bigint
}

/** What gives the words of the permuted state; every bit of every field comes from one of these. */
export interface BitMoves {
  readonly moves: readonly BitMove[]
  readonly renamings: readonly FieldRenaming[]
}

/** The bits that a permutation moves. */
export function bitMoves(p: StatePermutation, model: Model, layout: Layout): BitMoves {
  const moves = new Map<string, BitMove>()
  const renamings: FieldRenaming[] = []
  const move = (from: Field, to: Field, fromBit: number, toBit: number, width: number): void => {
    const start = from.offsetBits + fromBit
    const shift = to.offsetBits + toBit - start
    const key = `${from.word} ${to.word} ${shift}`
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(start)
    const before = moves.get(key)?.mask ?? 0n
    moves.set(key, { from: from.word, to: to.word, shift, mask: before | mask })
  }
  model.variables.forEach(({ type }, variable) => {
    const from = defined(layout.fields[variable])
    const to = defined(layout.fields[defined(p.variables[variable])])
    if (from.widthBits === 0) return
    const sort = 'sort' in type ? type.sort : null
    if (type.kind === 'set' && sort !== null)
      for (let member = 0; member < type.size; member++)
        move(from, to, member, p.elements.get(sort)?.[member] ?? member, 1)
    else if (type.kind === 'index' && sort !== null) {
      const values = Array.from({ length: rangeOf(type).hi + 1 }, (_, v) =>
        permuteValue(p, type, v),
      )
      if (values.every((to, value) => to === value)) move(from, to, 0, 0, from.widthBits)
      else renamings.push({ from, to, table: tableOf(values, from.widthBits) })
    } else move(from, to, 0, 0, from.widthBits)
  })
  return { moves: [...moves.values()], renamings }
}

function tableOf(values: readonly number[], widthBits: number): bigint {
  // Groups are small: 7 values of 3 bits at most.
  assert(values.length * widthBits <= WORD_BITS, 'the table fits one constant')
  return values.reduce((bits, v, i) => bits | (BigInt(v) << BigInt(i * widthBits)), 0n)
}
