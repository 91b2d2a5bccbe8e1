/**
 * Builds `canonicalize(rows, count)`: replaces each row by the least row of its orbit.
 *
 * The images of a state are visited one after the other, each made from the one before it by a
 * permutation that moves few elements (mostly a swap of two); an image costs some masks and shifts.
 * The least image does not depend on the order.
 */
import { assert, defined } from '../base/assert.js'
import { compose, inverse } from '../ir/permutation.js'
import type { StatePermutation } from '../ir/permutation.js'
import type { Model } from '../ir/model.js'
import type { Layout } from '../layout/layout.js'
import type { SymmetryGroup } from '../reduce/symmetry-group.js'
import { bitMoves } from './bit-moves.js'
import type { BitMoves } from './bit-moves.js'
import { FunctionBuilder } from './wasm/function-builder.js'
import type { Local } from './wasm/function-builder.js'

/** The function. */
export function buildCanonicalize(
  model: Model,
  layout: Layout,
  { elements }: SymmetryGroup,
): FunctionBuilder {
  const f = new FunctionBuilder(['i32', 'i32'])
  const [row, count] = [f.parameter(0), f.parameter(1)]
  const locals = (): Local[] => Array.from({ length: layout.wordCount }, () => f.local('i64'))
  const [least, image, moved] = [locals(), locals(), locals()]
  const done = f.open('block')
  const next = f.open('loop')
  f.get(count).op('i32.eqz').brIf(done)
  image.forEach((word, w) =>
    f
      .get(row)
      .memory('i64.load', 8 * w)
      .tee(word)
      .set(defined(least[w])),
  )
  for (const step of stepsThrough(elements)) {
    emitMoves(f, bitMoves(step, model, layout), image, moved)
    moved.forEach((word, w) => f.get(word).set(defined(image[w])))
    emitLess(f, image, least)
    f.open('if')
    image.forEach((word, w) => f.get(word).set(defined(least[w])))
    f.end()
  }
  least.forEach((word, w) =>
    f
      .get(row)
      .get(word)
      .memory('i64.store', 8 * w),
  )
  f.get(row)
    .i32(8 * layout.wordCount)
    .op('i32.add')
    .set(row)
  f.get(count).i32(1).op('i32.sub').set(count)
  f.br(next)
  f.end()
  f.end()
  return f
}

/** Permutations which, one after the other, lead through all `elements` from the identity on. */
export function stepsThrough(elements: readonly StatePermutation[]): readonly StatePermutation[] {
  const [first, ...rest] = elements
  let at = defined(first, 'a group has an identity')
  let left = rest
  const steps: StatePermutation[] = []
  while (left.length > 0) {
    const nearest = left.reduce((a, b) => (distance(at, b) < distance(at, a) ? b : a))
    steps.push(compose(inverse(at), nearest))
    at = nearest
    left = left.filter(element => element !== at)
  }
  assert(steps.length === elements.length - 1, 'every element is visited once')
  return steps
}

/** How many elements of symmetric types are moved by the step from one permutation to another. */
function distance(from: StatePermutation, to: StatePermutation): number {
  return [...from.elements].reduce((sum, [name, a]) => {
    const b = to.elements.get(name) ?? a
    return sum + a.filter((element, i) => element !== b[i]).length
  }, 0)
}

/** Sets `to` to the permuted words of `from`. */
function emitMoves(
  f: FunctionBuilder,
  { moves, renamings }: BitMoves,
  from: readonly Local[],
  to: readonly Local[],
): void {
  to.forEach((word, w) => {
    f.i64(0n)
    for (const move of moves.filter(m => m.to === w)) {
      f.get(defined(from[move.from])).i64(move.mask).op('i64.and')
      if (move.shift > 0) f.i64(BigInt(move.shift)).op('i64.shl')
      if (move.shift < 0) f.i64(BigInt(-move.shift)).op('i64.shr_u')
      f.op('i64.or')
    }
    for (const { from: field, to: target, table } of renamings.filter(r => r.to.word === w)) {
      const mask = (1n << BigInt(field.widthBits)) - 1n
      f.i64(table)
      f.get(defined(from[field.word])).i64(BigInt(field.offsetBits)).op('i64.shr_u')
      f.i64(mask).op('i64.and').i64(BigInt(field.widthBits)).op('i64.mul', 'i64.shr_u')
      f.i64(mask).op('i64.and').i64(BigInt(target.offsetBits)).op('i64.shl', 'i64.or')
    }
    f.set(word)
  })
}

/** Leaves 1 on the stack if the words `a` are less than `b`, compared from word 0. */
function emitLess(f: FunctionBuilder, a: readonly Local[], b: readonly Local[]): void {
  const last = a.length - 1
  f.get(defined(a[last])).get(defined(b[last])).op('i64.lt_u')
  for (let w = last - 1; w >= 0; w--) {
    const [left, right] = [defined(a[w]), defined(b[w])]
    f.get(left).get(right).op('i64.eq', 'i32.and')
    f.get(left).get(right).op('i64.lt_u', 'i32.or')
  }
}
