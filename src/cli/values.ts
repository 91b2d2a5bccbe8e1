/** Values of flags: counts, sizes, durations. What is wrong is said with what would be right. */
import { totalmem } from 'node:os'
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import type { Reduction } from '../lang/definition.js'

/** A first WebAssembly memory, and those of the shards (src/store/shards.ts), of 4 GiB each. */
const MEMORY_BYTES_MAX = 32 * 2 ** 30
/** Less has no room for the fixed tables of a run. */
const MEMORY_BYTES_MIN = 16 * 2 ** 20
/** Longest time that a timer counts correctly. */
const TIME_MS_MAX = 365 * 86_400_000

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  m: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gib: 2 ** 30,
  t: 2 ** 40,
  tib: 2 ** 40,
}

const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1000,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

function refuse(flag: string, value: string, hint: string): never {
  throw new Diagnostic('ZC104', `${flag} cannot be '${value}'`, { hint })
}

/** Reads a whole number in min..max. @throws Diagnostic ZC104 */
export function parseCount(flag: string, min: number, max: number): (value: string) => number {
  return value => {
    const count = /^\d{1,16}$/.test(value) ? Number(value) : NaN
    if (!(count >= min && count <= max))
      refuse(flag, value, `it must be a whole number from ${min} to ${max}`)
    return count
  }
}

/** Reads `4GiB`, `512MiB`, `1.5g` or bytes; gives bytes. @throws Diagnostic ZC104 */
export function parseMemory(flag: string): (value: string) => number {
  return value => {
    const bytes = Math.floor(quantity(value, SIZE_UNITS))
    if (Number.isNaN(bytes)) refuse(flag, value, 'write a size such as 512MiB or 4GiB')
    if (bytes < MEMORY_BYTES_MIN || bytes > MEMORY_BYTES_MAX)
      refuse(flag, value, 'it must be from 16MiB to 32GiB')
    return bytes
  }
}

/** What a run may use if nobody says: three quarters of the memory that this process may have. */
export function defaultMemory(): number {
  const mine = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  return Math.min(MEMORY_BYTES_MAX, Math.max(MEMORY_BYTES_MIN, Math.floor(mine * 0.75)))
}

/** Reads `10m`, `30s`, `1.5h`, `200ms` or seconds; gives milliseconds. @throws Diagnostic ZC104 */
export function parseTime(flag: string): (value: string) => number {
  return value => {
    const ms = Math.round(quantity(value, TIME_UNITS))
    if (Number.isNaN(ms)) refuse(flag, value, 'write a time such as 30s, 10m or 2h')
    if (ms < 1 || ms > TIME_MS_MAX) refuse(flag, value, 'it must be from 1ms to 365d')
    return ms
  }
}

const SEARCHES = ['breadth', 'random'] as const
/** What `--search` takes. */
export type SearchName = (typeof SEARCHES)[number]

/** Reads how to search. @throws Diagnostic ZC104 */
export function parseSearch(value: string): SearchName {
  const found = SEARCHES.find(name => name === value)
  if (found === undefined) refuse('--search', value, `did you mean '${nearest(value, SEARCHES)}'?`)
  return found
}

const REDUCTIONS = ['none', 'symmetry', 'por', 'all'] as const

/** Reads a reduction. @throws Diagnostic ZC104 */
export function parseReduction(value: string): Reduction {
  const found = REDUCTIONS.find(name => name === value)
  if (found === undefined)
    refuse('--reduce', value, `did you mean '${nearest(value, REDUCTIONS)}'?`)
  return found
}

function quantity(value: string, units: Readonly<Record<string, number>>): number {
  const [, number, unit] = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)$/i.exec(value) ?? []
  const size = Object.hasOwn(units, (unit ?? '').toLowerCase())
    ? units[(unit ?? '').toLowerCase()]
    : undefined
  return size === undefined ? NaN : Number(number) * size
}
