/**
 * Mixing: spreads packed states over the table.
 *
 * States of one word are mixed by a function that is invertible on `b` bits, so the mixed value
 * stands for the state exactly: home line and remainder together *are* the state.
 *
 *   mix(s):    s ^= s >> h;  s *= K1;  s ^= s >> h;  s *= K2       (all modulo 2 ** b)
 *   unmix(m):  m *= 1/K2;  m ^= m >> h;  m *= 1/K1;  m ^= m >> h
 *
 * With h >= b / 2 the shift brings only bits down that it does not change, so it is its own
 * inverse; an odd constant has an inverse modulo 2 ** b. The top bits, which choose the line,
 * depend on all. Wider states are hashed to 40 bits; those choose the line, and equality is
 * decided on the rows. Source of the constants: splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
 *
 * Over the memory of a shard (shards.ts) the keys that arrive are mixed already: there the function
 * is the identity, which is the same formula with both constants 1 and nothing shifted down.
 */
import { WIDE_HASH_BITS } from '../../src/store/control-slots'

const K1: u64 = 0xbf58476d1ce4e5b9
const K2: u64 = 0x94d049bb133111eb

/** Half of the width, rounded up. */
export let mixHalf: u64 = 32
/** Ones where a mixed value has bits. */
export let mixMask: u64 = ~0

/** The two factors: K1 and K2, or 1 and 1. */
export let mixFactor1: u64 = K1
export let mixFactor2: u64 = K2

/** Sets the width of mixed values to `bits`, 1..64. */
export function setMixBits(bits: u32): void {
  mixHalf = (bits + 1) >> 1
  mixMask = bits >= 64 ? ~0 : ((<u64>1) << bits) - 1
}

/** Makes `mix` the identity on values of less than 2 ** 63. */
export function setMixIdentity(): void {
  mixHalf = 63
  mixMask = ~0
  mixFactor1 = 1
  mixFactor2 = 1
}

/** Mixes `state` with a half and a mask at hand, so that a loop can hold them in registers. */
export function mixWith(state: u64, half: u64, mask: u64): u64 {
  let m = state ^ (state >> half)
  m = (m * mixFactor1) & mask
  m ^= m >> half
  return (m * mixFactor2) & mask
}

/** The mixed value of a one-word state. */
export function mix(state: u64): u64 {
  return mixWith(state, mixHalf, mixMask)
}

/**
 * The inverse of an odd number modulo 2 ** 64, by Newton's iteration (3 bits, then 6, 12, 24, 48,
 * 96).
 */
function inverseOf(odd: u64): u64 {
  let x = odd
  for (let i = 0; i < 5; i++) x *= 2 - odd * x
  return x
}

const INVERSE_K1: u64 = inverseOf(K1)
const INVERSE_K2: u64 = inverseOf(K2)

/** The state whose mixed value is `mixed`: the inverse of `mix`. */
export function unmix(mixed: u64): u64 {
  let s = (mixed * INVERSE_K2) & mixMask
  s ^= s >> mixHalf
  s = (s * INVERSE_K1) & mixMask
  return s ^ (s >> mixHalf)
}

/** WIDE_HASH_BITS bits of hash of a row of `bytes` bytes. */
export function hashRow(row: usize, bytes: usize): u64 {
  let h: u64 = 0
  for (let i: usize = 0; i < bytes; i += 8) {
    h = (h ^ load<u64>(row + i)) * K1
    h ^= h >> 32
  }
  return (h * K2) >> (64 - WIDE_HASH_BITS)
}
