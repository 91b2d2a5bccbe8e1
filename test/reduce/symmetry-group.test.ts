/** The group of a model, and the reference that compiled code is compared with. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { all, any, array, assert, bool, defineModel, each, index, indexOrNone, int, set } from '../../src/index.js' // prettier-ignore
import type { ModelBuilder } from '../../src/index.js'
import { compose, identity, inverse } from '../../src/ir/permutation.js'
import type { Model } from '../../src/ir/model.js'
import { layoutOf } from '../../src/layout/layout.js'
import {
  GROUP_ORDER_MAX,
  canonicalState,
  orbitOf,
  permuteState,
  symmetryGroup,
} from '../../src/reduce/symmetry-group.js'
import { symmetricDraft, symmetricModel } from '../generators/symmetric-model.js'
import { randomValue } from '../generators/random-type.js'

function modelOf(build: (m: ModelBuilder) => void): Model {
  return defineModel({ name: 'demo', about: '', build }).instantiate()
}

/** Elements with a flag each, the members of a set, and an index. */
function flags(m: ModelBuilder, size: number) {
  const e = m.symmetric('e', size)
  const s = m.state({ on: array(e, bool()), owner: indexOrNone(e), inside: set(e) })
  for (const v of each(e)) m.action('a', { v }).do(s.on[v].set(true), s.owner.set(v))
  return { e, s }
}

const stateAndGroup = symmetricDraft(3)
  .map(symmetricModel)
  .map(model => ({ model, group: symmetryGroup(model) }))
  .chain(({ model, group }) =>
    fc.record({
      model: fc.constant(model),
      group: fc.constant(group),
      state: fc.tuple(...model.variables.map(v => randomValue(v.type).map(n => n + 0))),
      a: fc.constantFrom(...group.elements),
      b: fc.constantFrom(...group.elements),
    }),
  )

describe('a permutation', () => {
  test('of states is composed and undone', () => {
    fc.assert(
      fc.property(stateAndGroup, ({ model, state, a, b }) => {
        const once = permuteState(a, model, state)
        expect(permuteState(compose(a, b), model, state)).toEqual(permuteState(b, model, once))
        expect(permuteState(inverse(a), model, once)).toEqual(state)
        expect(permuteState(identity(model), model, state)).toEqual(state)
      }),
    )
  })

  test('moves arrays, values and members together', () => {
    const model = modelOf(m => flags(m, 3))
    const { elements } = symmetryGroup(model)
    const turn = elements.find(p => p.elements.get('e')?.join() === '1,2,0')!
    // on[0..2], owner, inside: element 0 becomes 1, 1 becomes 2, 2 becomes 0.
    expect(permuteState(turn, model, [1, 0, 0, 0, 0b001])).toEqual([0, 1, 0, 1, 0b010])
    expect(permuteState(turn, model, [0, 1, 1, 3, 0b110])).toEqual([1, 0, 1, 3, 0b101])
  })
})

describe('the canonical state', () => {
  test('is in the orbit, and the same for all of the orbit', () => {
    fc.assert(
      fc.property(stateAndGroup, ({ model, group, state, a }) => {
        const layout = layoutOf(model)
        const canonical = canonicalState(group, model, layout, state)
        expect(orbitOf(group, model, state)).toContainEqual(canonical)
        expect(canonicalState(group, model, layout, canonical)).toEqual(canonical)
        const image = permuteState(a, model, state)
        expect(canonicalState(group, model, layout, image)).toEqual(canonical)
      }),
    )
  })

  test('has an orbit whose size divides the order of the group', () => {
    fc.assert(
      fc.property(stateAndGroup, ({ model, group, state }) => {
        expect(group.elements.length % orbitOf(group, model, state).length).toBe(0)
      }),
    )
  })
})

describe('the group', () => {
  test('is the product of the groups of all types', () => {
    const model = modelOf(m => {
      const { s } = flags(m, 3)
      const p = m.symmetric('p', 2)
      const t = m.state({ dirty: set(p) })
      for (const x of each(p)) m.action('b', { x }).when(s.owner.isNone()).do(t.dirty.add(x))
    })
    expect(symmetryGroup(model).elements).toHaveLength(12)
  })

  test('leaves the initial state as it is: an element that is special there stays', () => {
    const model = modelOf(m => {
      const { e } = flags(m, 3)
      m.state({ boot: index(e) })
    })
    const { elements } = symmetryGroup(model)
    const renamings = elements.map(p => p.elements.get('e')?.join())
    expect(new Set(renamings)).toEqual(new Set(['0,1,2', '0,2,1']))
  })

  test('of a model without symmetric types is the identity alone', () => {
    const model = modelOf(m => m.action('a').do(m.state({ x: int(0, 3) }).x.set(1)))
    expect(symmetryGroup(model).elements).toHaveLength(1)
  })

  test('is refused if it is too large', () => {
    expect(symmetryGroup(modelOf(m => flags(m, 6))).elements).toHaveLength(GROUP_ORDER_MAX)
    expect(() => symmetryGroup(modelOf(m => flags(m, 7)))).toThrow(/5040 permutations/)
  })

  test('is refused if the order of elements decides whether the model fails', () => {
    const model = modelOf(m => {
      const { e, s } = flags(m, 2)
      const t = m.state({ peer: array(e, indexOrNone(e)) })
      // Where one is off and has no peer, the other one decides whether it is looked at.
      m.invariant(
        'x',
        any(e, v => s.on.at(t.peer[v])),
      )
    })
    expect(() => symmetryGroup(model)).toThrow(/'x': it breaks the symmetry of e/)
    const guarded = modelOf(m => {
      const { e, s } = flags(m, 2)
      const t = m.state({ peer: array(e, indexOrNone(e)) })
      m.invariant(
        'x',
        any(e, v => t.peer[v].isSome().and(s.on.at(t.peer[v]))),
      )
    })
    expect(symmetryGroup(guarded).elements).toHaveLength(2)
  })
})

describe('a model is refused that mixes elements with something else', () => {
  const cases: Record<string, (m: ModelBuilder) => void> = {
    'an element stored as a number': m => {
      const { s } = flags(m, 2)
      const { n } = m.state({ n: int(0, 3) })
      m.action('b').do(n.set(s.owner as never))
    },
    'an element compared with a number': m => {
      const { s } = flags(m, 2)
      const { n } = m.state({ n: int(0, 3) })
      m.action('b').when(n.is(s.owner as never))
    },
    'an element in arithmetic': m => {
      const { s } = flags(m, 2)
      const { n } = m.state({ n: int(0, 3) })
      m.action('b').do(n.set((s.owner as never as { number(): typeof n }).number().mod(2)))
    },
    'an assertion about an element as a truth value': m => {
      const { s } = flags(m, 2)
      m.action('b').do(assert({ ...s.on, ir: s.owner.ir } as never, 'x'))
    },
    'elements with different types': m => {
      const { e } = flags(m, 2)
      const t = m.state({ odd: array(e, int(0, 3)) })
      const [variable] = t.odd['e#0'].location.elements
      m.action('b').do(t.odd['e#0'].set(1), t.odd['e#1'].set(1))
      const { variables } = m as never as { variables: { type: unknown }[] }
      variables[variable!] = { ...variables[variable!]!, type: { kind: 'int', lo: 0, hi: 4 } }
      m.invariant(
        'all',
        all(e, v => t.odd[v].lt(3)),
      )
    },
  }
  test.each(Object.entries(cases))('%s', (_, build) => {
    expect(() => modelOf(build)).toThrow(
      /element of e is used|plain is used|not a truth value|another type/,
    )
  })
})
