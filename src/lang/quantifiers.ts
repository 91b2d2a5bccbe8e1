/** Functions over index types and states: each, all, any, count, implies, next. */
import * as ir from '../ir/expression.js'
import type { Expression } from '../ir/expression.js'
import { Bool, Index, Int, Label, Members, boolOf } from './values.js'
import type { BoolLike, Element } from './values.js'
import type { ElementKey, SmallIndex, SymmetricType } from './types.js'

/** The indices 0..size-1, or the elements of a symmetric type, to loop over while building. */
export function each(over: number): readonly SmallIndex[]
export function each<S extends string>(over: SymmetricType<S>): readonly ElementKey<S>[]
export function each(over: number | SymmetricType<string>): readonly (number | string)[] {
  if (typeof over === 'number') return Array.from({ length: over }, (_, i) => i)
  return Array.from({ length: over.size }, (_, i): Element<string> => `${over.name}#${i}`)
}

/** True where `predicate` is for every index. */
export function all(over: number, predicate: (i: SmallIndex) => BoolLike): Bool
export function all<S extends string>(
  over: SymmetricType<S>,
  predicate: (i: ElementKey<S>) => BoolLike,
): Bool
export function all(over: number | SymmetricType<string>, predicate: (i: never) => BoolLike): Bool {
  return new Bool(ir.and(...expressions(over, predicate)))
}

/** True where `predicate` is for at least one index. */
export function any(over: number, predicate: (i: SmallIndex) => BoolLike): Bool
export function any<S extends string>(
  over: SymmetricType<S>,
  predicate: (i: ElementKey<S>) => BoolLike,
): Bool
export function any(over: number | SymmetricType<string>, predicate: (i: never) => BoolLike): Bool {
  return new Bool(ir.or(...expressions(over, predicate)))
}

/** For how many indices `predicate` is true. */
export function count(over: number, predicate: (i: SmallIndex) => BoolLike): Int
export function count<S extends string>(
  over: SymmetricType<S>,
  predicate: (i: ElementKey<S>) => BoolLike,
): Int
export function count(
  over: number | SymmetricType<string>,
  predicate: (i: never) => BoolLike,
): Int {
  const zero: Expression = ir.constant(0)
  return new Int(
    expressions(over, predicate).reduce((sum, e) => ir.arithmetic('add', sum, e), zero),
  )
}

function expressions(
  over: number | SymmetricType<string>,
  predicate: (i: never) => BoolLike,
): readonly Expression[] {
  const indices: readonly (number | string)[] = typeof over === 'number' ? each(over) : each(over)
  return indices.map(i => boolOf(predicate(i as never)))
}

/** True where all are. */
export function and(...operands: readonly BoolLike[]): Bool {
  return new Bool(ir.and(...operands.map(boolOf)))
}

/** True where one is. */
export function or(...operands: readonly BoolLike[]): Bool {
  return new Bool(ir.or(...operands.map(boolOf)))
}

/** True where `operand` is false. */
export function not(operand: BoolLike): Bool {
  return new Bool(ir.not(boolOf(operand)))
}

/** False only where `condition` is true and `consequence` is false. */
export function implies(condition: BoolLike, consequence: BoolLike): Bool {
  return new Bool(ir.implies(boolOf(condition), boolOf(consequence)))
}

/** The value of an expression in the state after the action; in step properties only. */
export function next(value: Bool): Bool
export function next(value: Int): Int
export function next<L extends string>(value: Label<L>): Label<L>
export function next<S extends string>(value: Index<S>): Index<S>
export function next<S extends string>(value: Members<S>): Members<S>
export function next(
  value: Bool | Int | Label<string> | Index<string> | Members<string>,
): Bool | Int | Label<string> | Index<string> | Members<string> {
  const e = after(value.ir)
  if (value instanceof Label) return new Label(e, value.labels)
  if (value instanceof Index) return new Index(e, value.type)
  if (value instanceof Members) return new Members(e, value.type)
  return value instanceof Bool ? new Bool(e) : new Int(e)
}

function after(e: Expression): Expression {
  if (e.kind === 'read' || e.kind === 'next')
    return { kind: 'next', location: ir.mapIndices(e.location, after) }
  return ir.mapChildren(e, after)
}
