/**
 * Mixing: spreads rows of the level log over the table.
 *
 * A row is a state of one word, or a folded one: two indices of less than 32 bits each. Those are
 * moved together to a key of as few bits as the indices have now. A state of one word is its own
 * key.
 *
 *   row   63 ... 32    31 ... 0             key   b-1 ... l    l-1 ... 0        l = 32: key = row
 *         [ right    | left     ]                 [ right    | left      ]
 *
 * Keys are mixed by a function that is invertible on `b` bits, so the mixed value stands for the
 * state exactly: home line and remainder together *are* the state.
 *
 *   mix(s):    s ^= s >> h;  s *= K1;  s ^= s >> h;  s *= K2       (all modulo 2 ** b)
 *   unmix(m):  m *= 1/K2;  m ^= m >> h;  m *= 1/K1;  m ^= m >> h
 *
 * With h >= b / 2 the shift brings only bits down that it does not change, so it is its own
 * inverse; an odd constant has an inverse modulo 2 ** b. The top bits, which choose the line,
 * depend on all. Source of the constants: splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
 *
 * Over the memory of a shard (shards.ts) the keys that arrive are mixed already: there the function
 * is the identity, which is the same formula with both constants 1 and nothing shifted down.
 */
const K1: u64 = 0xbf58476d1ce4e5b9
const K2: u64 = 0x94d049bb133111eb

/** Half of the width, rounded up. */
export let mixHalf: u64 = 32
/** Ones where a mixed value has bits. */
export let mixMask: u64 = ~0
/** Bits of a key for the left half of a row. */
export let keyLeftBits: u64 = 32

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

/** Mixes `key` with a half and a mask at hand, so that a loop can hold them in registers. */
export function mixWith(key: u64, half: u64, mask: u64): u64 {
  let m = key ^ (key >> half)
  m = (m * mixFactor1) & mask
  m ^= m >> half
  return (m * mixFactor2) & mask
}

/** The mixed value of a key. */
export function mix(key: u64): u64 {
  return mixWith(key, mixHalf, mixMask)
}

/** Sets how many bits of a key the left half of a row has, 1..32. */
export function setKeyLeftBits(bits: u32): void {
  keyLeftBits = bits
}

/** The key of a row whose left half has `leftBits` bits at most. */
export function keyOf(row: u64, leftBits: u64): u64 {
  return (row & 0xffffffff) | ((row >> 32) << leftBits)
}

/** The row with this key: the inverse of keyOf. */
export function rowOf(key: u64, leftBits: u64): u64 {
  const left = key & (((<u64>1) << leftBits) - 1)
  return left | ((key >> leftBits) << 32)
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

/** The key whose mixed value is `mixed`: the inverse of `mix`. */
export function unmix(mixed: u64): u64 {
  let s = (mixed * INVERSE_K2) & mixMask
  s ^= s >> mixHalf
  s = (s * INVERSE_K1) & mixMask
  return s ^ (s >> mixHalf)
}

/** 32 bits of hash of a packed state of `bytes` bytes. */
export function hashRow(row: usize, bytes: usize): u64 {
  let h: u64 = 0
  for (let i: usize = 0; i < bytes; i += 8) {
    h = (h ^ load<u64>(row + i)) * K1
    h ^= h >> 32
  }
  return (h * K2) >> 32
}
