/** Random truth values and numbers over the variables of a random model, with states to try. */
import fc from 'fast-check'
import type { Expression } from '../../src/ir/expression.js'
import type { Variable } from '../../src/ir/model.js'
import { printExpression } from '../../src/ir/print.js'
import { formatType } from '../../src/ir/type.js'
import { ExpressionBuilder, draft } from './random-expression.js'
import type { Declared } from './random-expression.js'
import { randomValue, smallDeclaration, valueAt, wideDeclaration } from './random-type.js'

/** Expressions and the states to evaluate them in; `next` reads `after`. */
export interface ExpressionsInState {
  readonly variables: readonly Variable[]
  /** Truth values. */
  readonly expressions: readonly Expression[]
  /** Numbers, as many. */
  readonly numbers: readonly Expression[]
  readonly state: readonly number[]
  readonly after: readonly number[]
}

/**
 * `count` truth values and numbers over the same variables, which may fail where `mayFail` is true,
 * and two states with arbitrary values.
 */
export function expressionAndState(
  count: number,
  { mayFail = true, allowsNext = true }: { mayFail?: boolean; allowsNext?: boolean } = {},
): fc.Arbitrary<ExpressionsInState> {
  const declarations = fc.array(fc.oneof(smallDeclaration, smallDeclaration, wideDeclaration), {
    minLength: 1,
    maxLength: 4,
  })
  const drafts = fc.array(draft, { minLength: count, maxLength: count })
  return fc.tuple(declarations, drafts, drafts).chain(([list, bools, numbers]) => {
    const variables: Variable[] = []
    const declared: Declared[] = []
    for (const { type, dimensions } of list) {
      const first = variables.length
      const size = dimensions.reduce((product, n) => product * n, 1)
      for (let i = 0; i < size; i++) {
        const name = `v${declared.length}${size === 1 ? '' : `[${i}]`}`
        variables.push({ name, type, initial: valueAt(type, 0), site: () => undefined })
      }
      declared.push({ type, dimensions, first })
    }
    const builder = new ExpressionBuilder({
      declarations: declared,
      variables,
      mayFail,
      allowsNext,
    })
    const values = fc.tuple(...variables.map(v => randomValue(v.type)))
    return fc.tuple(values, values).map(([state, after]) => {
      const made: ExpressionsInState = {
        variables,
        expressions: bools.map(d => builder.bool(d)),
        numbers: numbers.map(d => builder.number(d)),
        state,
        after,
      }
      return Object.defineProperty(made, fc.toStringMethod, { value: () => describe(made) })
    })
  })
}

function describe({ variables, expressions, numbers, state, after }: ExpressionsInState): string {
  return [
    ...variables.map(
      ({ name, type }, i) => `${name}: ${formatType(type)} = ${state[i]}, next ${after[i]}`,
    ),
    ...[...expressions, ...numbers].map(e => printExpression(e, variables)),
  ].join('\n')
}
