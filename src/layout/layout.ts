/**
 * Places each variable of a model in a packed state of 1 to 8 words of 64 bits.
 *
 * A variable takes ceil(log2(range)) bits: 0 for a single value. A field never straddles a word.
 * Variables of a state of up to 64 bits are placed in order of declaration, so it is one word
 * without gaps and the elements of an array lie at one distance:
 *
 *   word 0   63        ...       5   4   3 2   1   0
 *            |  unused, 0  | tlb[1] tlb[0] pc  slot |       pc: 2 bits at offset 1
 *
 * Wider states are folded (docs/internals/folding.md), and words fold best that take few values. So
 * they are spread evenly over as few words as they need, and what belongs to one vCPU or one page
 * lies together, since it changes together: first the variables outside of arrays, then element 0
 * of every array, then element 1, and so on. If fields do not fit that way, each goes to the first
 * word with room for it.
 *
 * Stored is value - lo, so every field starts at 0. Unused bits are 0 in every packed state: equal
 * states are equal words.
 */
import { assert } from '../base/assert.js'
import { Diagnostic } from '../base/diagnostic.js'
import type { Model } from '../ir/model.js'
import { bitLength } from '../ir/interval.js'
import { rangeOf } from '../ir/type.js'

/** Most words of a packed state. */
export const WORDS_MAX = 8
/** Bits of a word. */
export const WORD_BITS = 64

/** Where one variable lies. */
export interface Field {
  /** Which word, 0..wordCount-1. */
  readonly word: number
  /** Bits below the field in its word. */
  readonly offsetBits: number
  /** Bits of the field, 0..32. */
  readonly widthBits: number
  /** Value that is stored as 0. */
  readonly lo: number
}

/** Where all variables of a model lie, by variable index. */
export interface Layout {
  readonly fields: readonly Field[]
  /** Words of a packed state, 1..WORDS_MAX. */
  readonly wordCount: number
  /** Bits that carry information. */
  readonly stateBits: number
}

/** Lays out a model. @throws Diagnostic ZC306 if a state needs more than WORDS_MAX words. */
export function layoutOf(model: Model): Layout {
  const ranges = model.variables.map(({ type }) => rangeOf(type))
  const widths = ranges.map(({ lo, hi }) => bitLength(hi - lo))
  const stateBits = widths.reduce((sum, width) => sum + width, 0)
  const packed = firstFit(widths)
  const wordCount = Math.max(1, ...packed.map(({ word }) => word + 1))
  if (wordCount > WORDS_MAX)
    throw new Diagnostic(
      'ZC306',
      `model ${model.name}: a state needs ${stateBits} bits in ${wordCount} words`,
      {
        hint: `at most ${WORDS_MAX} words of ${WORD_BITS} bits are possible; narrow ranges, fewer variables`,
      },
    )
  const places = (wordCount > 1 ? byElement(model, widths, wordCount) : null) ?? packed
  const fields = places.map((place, i): Field => {
    return { ...place, widthBits: widths[i]!, lo: ranges[i]!.lo }
  })
  return { fields, wordCount, stateBits }
}

type Place = Pick<Field, 'word' | 'offsetBits'>

/** Each field in the first word with room for it. */
function firstFit(widths: readonly number[]): Place[] {
  const used: number[] = []
  return widths.map(width => {
    let word = used.findIndex(bits => bits + width <= WORD_BITS)
    if (word < 0) word = used.push(0) - 1
    const offsetBits = used[word]!
    used[word] = offsetBits + width
    return { word, offsetBits }
  })
}

/** Fields by the array elements that they are part of, spread evenly; null if they do not fit. */
function byElement(model: Model, widths: readonly number[], wordCount: number): Place[] | null {
  const elements = model.variables.map(({ name }) => Number(/\[(\d+)\]/.exec(name)?.[1] ?? -1))
  const order = [...elements.keys()].sort((a, b) => elements[a]! - elements[b]! || a - b)
  const ordered = evenly(
    order.map(variable => widths[variable]!),
    wordCount,
  )
  if (ordered === null) return null
  const places: Place[] = []
  for (const [position, variable] of order.entries()) places[variable] = ordered[position]!
  return places
}

/** Fields in order, about as many bits in each word; null if they do not fit. */
function evenly(widths: readonly number[], wordCount: number): Place[] | null {
  const target = widths.reduce((sum, width) => sum + width, 0) / wordCount
  let [word, first, placed] = [0, 0, 0]
  const places = widths.map(width => {
    // A field belongs to the word in whose share its middle lies.
    const isNext = word + 1 < wordCount && placed + width / 2 >= target * (word + 1)
    if (isNext || placed + width - first > WORD_BITS) [word, first] = [word + 1, placed]
    placed += width
    return { word, offsetBits: placed - width - first }
  })
  return word < wordCount ? places : null
}

/** Packs a state, one value per variable. Inverse of `unpack`. */
export function pack(layout: Layout, state: readonly number[]): BigUint64Array {
  assert(state.length === layout.fields.length, 'one value for each variable')
  const words = new BigUint64Array(layout.wordCount)
  layout.fields.forEach(({ word, offsetBits, widthBits, lo }, variable) => {
    const value = state[variable]! - lo
    assert(value >= 0 && value < 2 ** widthBits, 'a value fits its field')
    words[word]! |= BigInt(value) << BigInt(offsetBits)
  })
  return words
}

/** Unpacks a packed state: one value per variable. Inverse of `pack`. */
export function unpack(layout: Layout, words: BigUint64Array): number[] {
  assert(words.length === layout.wordCount, 'a packed state has wordCount words')
  return layout.fields.map(({ word, offsetBits, widthBits, lo }) => {
    const bits = (words[word]! >> BigInt(offsetBits)) & ((1n << BigInt(widthBits)) - 1n)
    return Number(bits) + lo
  })
}
