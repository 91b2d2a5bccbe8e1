/**
 * Types of variables. A variable is a scalar: a value from a small range of integers. Records and
 * arrays exist in the language only; here they are many variables with names such as `vcpu[1].pc`.
 */
import { unreachable } from '../base/assert.js'

/** The type of a variable or of a literal; every value is an integer, also for labels and sets. */
export type ScalarType =
  /** 0 false, 1 true. */
  | { readonly kind: 'bool' }
  /** lo..hi, both included. */
  | { readonly kind: 'int'; readonly lo: number; readonly hi: number }
  /** 0..modulus-1; a write wraps. */
  | { readonly kind: 'counter'; readonly modulus: number }
  /** Position in `labels`. */
  | { readonly kind: 'enumeration'; readonly labels: readonly string[] }
  /**
   * 0..size-1, and `size` for none if it is optional; `sort` names the symmetric index type it
   * belongs to, if any.
   */
  | {
      readonly kind: 'index'
      readonly size: number
      readonly sort: string | null
      readonly optional: boolean
    }
  /** Bit i set: i is a member; at most SET_SIZE_MAX members. */
  | { readonly kind: 'set'; readonly size: number; readonly sort: string | null }

/** Most members of a set: its value has to stay a non-negative 32-bit integer. */
export const SET_SIZE_MAX = 31

/** Integers from `lo` to `hi`, both included. */
export interface Interval {
  readonly lo: number
  readonly hi: number
}

/** The values of a type. */
export function rangeOf(type: ScalarType): Interval {
  switch (type.kind) {
    case 'bool':
      return { lo: 0, hi: 1 }
    case 'int':
      return { lo: type.lo, hi: type.hi }
    case 'counter':
      return { lo: 0, hi: type.modulus - 1 }
    case 'enumeration':
      return { lo: 0, hi: type.labels.length - 1 }
    case 'index':
      return { lo: 0, hi: type.optional ? type.size : type.size - 1 }
    case 'set':
      return { lo: 0, hi: 2 ** type.size - 1 }
    default:
      return unreachable(type)
  }
}

/** A value in the words of its type: `true`, `mapped`, `3`, `{0, 2}`. */
export function formatValue(type: ScalarType, value: number): string {
  switch (type.kind) {
    case 'bool':
      return value === 0 ? 'false' : 'true'
    case 'enumeration':
      return type.labels[value] ?? `?${value}`
    case 'index':
      return type.optional && value === type.size ? 'none' : String(value)
    case 'set':
      return `{${setMembers(value).join(', ')}}`
    default:
      return String(value)
  }
}

/** The members of a set's value, ascending. */
export function setMembers(value: number): number[] {
  const members: number[] = []
  for (let i = 0; i < SET_SIZE_MAX; i++) if ((value & (1 << i)) !== 0) members.push(i)
  return members
}

/** A type in the words of the language, for messages and `info`. */
export function formatType(type: ScalarType): string {
  switch (type.kind) {
    case 'bool':
      return 'bool'
    case 'int':
      return `int(${type.lo}, ${type.hi})`
    case 'counter':
      return `counter(${type.modulus})`
    case 'enumeration':
      return `enumeration(${type.labels.join(', ')})`
    case 'index':
      return `${type.optional ? 'indexOrNone' : 'index'}(${type.sort ?? type.size})`
    case 'set':
      return `set(${type.sort ?? type.size})`
    default:
      return unreachable(type)
  }
}
