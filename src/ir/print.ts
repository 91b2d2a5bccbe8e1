/** Renders expressions, locations and updates as text, for messages, tests and comparisons. */
import { unreachable } from '../base/assert.js'
import type { Expression, Location } from './expression.js'
import type { Update, Variable } from './model.js'
import { formatValue } from './type.js'

const COMPARE = { eq: '=', ne: '!=', lt: '<', le: '<=' } as const
const ARITHMETIC = { add: '+', sub: '-', mul: '*' } as const
const BITS = { and: '&', or: '|', andnot: '\\' } as const

/** An expression as text; equal texts mean equal expressions. */
export function printExpression(e: Expression, variables: readonly Variable[]): string {
  const print = (inner: Expression): string => printExpression(inner, variables)
  switch (e.kind) {
    case 'constant':
      return e.type === null ? String(e.value) : formatValue(e.type, e.value)
    case 'read':
      return printLocation(e.location, variables)
    case 'next':
      return `${printLocation(e.location, variables)}'`
    case 'not':
      return `!${print(e.operand)}`
    case 'and':
    case 'or': {
      const sign = e.kind === 'and' ? '&' : '|'
      // With fewer than two operands nothing would tell the two apart.
      const lone = e.operands.length < 2 ? `${sign} ` : ''
      return `(${lone}${e.operands.map(print).join(` ${sign} `)})`
    }
    case 'compare':
      return `(${print(e.left)} ${COMPARE[e.operator]} ${print(e.right)})`
    case 'arithmetic':
      return `(${print(e.left)} ${ARITHMETIC[e.operator]} ${print(e.right)})`
    case 'modulo':
      return `(${print(e.operand)} mod ${e.modulus})`
    case 'ite':
      return `(${print(e.condition)} ? ${print(e.then)} : ${print(e.otherwise)})`
    case 'bits':
      return `(${print(e.left)} ${BITS[e.operator]} ${print(e.right)})`
    case 'singleton':
      return `{${print(e.member)}}`
    case 'member':
      return `(${print(e.member)} in ${print(e.set)})`
    case 'cardinality':
      return `|${print(e.set)}|`
    default:
      return unreachable(e)
  }
}

/** A location as text: `sept[0]`, or `{sept[0], sept[1]}[index]` for a dynamic one. */
export function printLocation(location: Location, variables: readonly Variable[]): string {
  const names = location.elements.map(v => variables[v]?.name ?? `?${v}`)
  if (location.indices.length === 0) return names.join()
  const indices = location.indices.map(i => `[${printExpression(i.expression, variables)}]`)
  return `{${names.join(', ')}}${indices.join('')}`
}

/** The array that a dynamic location chooses from, for messages: `sept[..]`. */
export function printTarget(location: Location, variables: readonly Variable[]): string {
  const first = variables[location.elements[0] ?? 0]?.name ?? '?'
  return location.indices.length === 0 ? first : first.replaceAll(/\[\d+\]/g, '[..]')
}

/** An update as text. */
export function printUpdate(update: Update, variables: readonly Variable[]): string {
  switch (update.kind) {
    case 'assign': {
      const value = printExpression(update.value, variables)
      return `${printLocation(update.location, variables)} := ${value}`
    }
    case 'assert':
      return `assert#${update.property} ${printExpression(update.condition, variables)}`
    case 'if': {
      const list = (updates: readonly Update[]): string =>
        updates.map(u => printUpdate(u, variables)).join('; ')
      const condition = printExpression(update.condition, variables)
      return `if ${condition} {${list(update.then)}} else {${list(update.otherwise)}}`
    }
    default:
      return unreachable(update)
  }
}
