/**
 * The model snp-rmp: what its variants say together, that its counterexamples are the interleavings
 * of the design notes, and that what it calls an endless fault has no end.
 */
import { describe, expect, test } from 'vitest'
import definition from '../../models/snp-rmp/index.js'
import { parameters } from '../../models/snp-rmp/parameters.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import type { State } from '../../src/interpret/evaluate.js'
import { formatAction } from '../../src/ir/model.js'
import type { Model } from '../../src/ir/model.js'
import { checkVariant } from '../../src/report/variant-row.js'
import { replay, shortestViolation } from './paths.js'

const variantOf = (name: string) => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return variant
}
const modelOf = (name: string): Model => definition.instantiate(variantOf(name).params)
const violatedIn = (name: string): readonly string[] =>
  Object.keys(variantOf(name).expect.properties ?? {})
const names = definition.variants.map(v => v.name)

describe('the variants of snp-rmp', () => {
  const properties = new Map(
    names.map(name => [
      name,
      modelOf(name)
        .properties.filter(p => p.kind !== 'reachable')
        .map(p => p.name),
    ]),
  )

  test.each([...new Set([...properties.values()].flat())])('violate and keep "%s"', property => {
    const having = names.filter(name => properties.get(name)?.includes(property))
    const violating = having.filter(name => violatedIn(name).includes(property))
    expect(violating).not.toEqual([])
    expect(violating.length).toBeLessThan(having.length)
  })

  test('use every value of every parameter', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const used = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(new Set(used)).toEqual(new Set(parameter.options))
      else expect(used.size).toBeGreaterThan(1)
    }
  })

  test('have no action between them that never happens', async () => {
    const variants = definition.variants.filter(v => v.tier !== 'large')
    const fired = new Set<string>()
    const dead = new Set<string>()
    for (const variant of variants) {
      const row = await checkVariant(definition, variant, {
        explore: { workers: 1, inline: true },
        version: '0.0.0',
        peakRssBytes: () => 0,
      })
      for (const action of row.firedActions) fired.add(action)
      for (const action of row.deadActions) dead.add(action)
    }
    expect([...dead].filter(action => !fired.has(action))).toEqual([])
    expect(fired.size).toBeGreaterThan(80)
  })
})

/** Positions of the steps in a path, to compare their order. */
const expectOrder = (path: readonly string[] | null, ...steps: readonly string[]) => {
  let at = -1
  for (const wanted of steps) {
    const next = (path ?? []).findIndex((action, i) => i > at && action.startsWith(wanted))
    expect({ wanted, next, path }).toMatchObject({ wanted, next: expect.any(Number) })
    expect(next).toBeGreaterThan(at)
    at = next
  }
}

/** The nested page fault of a vCPU on a private gfn, up to V16. */
const fault = (v: number, ...found: readonly string[]) =>
  ['V6', 'V10_kvm_gmem_get_folio', ...found, 'V12', 'V13_is_page_fault_stale_no', 'V15', 'V16'].map(
    step => `vcpu.${step}${step.endsWith('_') ? '' : ''}@${v}`,
  )

/** Completes names like `vcpu.V6@0` to what fits one action of that vCPU. */
const follow = (model: Model, path: readonly string[]): State => {
  const interpreter = new Interpreter(model)
  return path.reduce((state, wanted) => {
    const [start = '', v] = wanted.split('@')
    const fitting = interpreter.transitions(state).filter(({ action }) => {
      const name = formatAction(model.actions[action]!)
      return name.startsWith(start) && (v === undefined || name.includes(`v=${v}`))
    })
    if (fitting.length !== 1) throw new Error(`${fitting.length} actions fit ${wanted}`)
    return fitting[0]!.successor
  }, interpreter.initial())
}

const isTrue = (model: Model, property: string, state: State): boolean => {
  const found = model.properties.find(p => p.name === property)
  if (found?.kind !== 'invariant') throw new Error(`no invariant ${property}`)
  return new Interpreter(model).isTrueIn(found, state)
}

describe('the trace cards of snp-rmp', () => {
  test('card 2: the vCPU that loses the race to split an entry looks again and is done', () => {
    const model = modelOf('Y7')
    const rmpFault = (v: number) => [
      ...fault(v, 'V10_P1_already_assigned', 'V4'),
      `vcpu.R3_kvm_gmem_get_folio@${v}`,
      `vcpu.R3_P1_already_assigned@${v}`,
    ]
    const both = [
      'vcpu.G_accept(v=0, choice=gfn 0)',
      'vcpu.G_accept(v=1, choice=gfn 1)',
      'vcpu.NPF_pvalidate@0',
      ...fault(0, 'V10_P3_rmp_make_private_2M', 'V4'),
      'vcpu.NPF_pvalidate@0',
      ...rmpFault(0),
      'vcpu.NPF_pvalidate@1',
      ...rmpFault(1),
      'vcpu.R4_snp_lookup_rmpentry_2M@0',
      'vcpu.R4_snp_lookup_rmpentry_2M@1',
      'vcpu.R6_snp_rmptable_psmash@0',
      'vcpu.R6_raced_with_another_psmash@1',
      'vcpu.R7_kvm_zap_gfn_range@0',
    ]
    const end = follow(model, both)
    expect(isTrue(model, 'no 2M mapping covers 4K entries at rest', end)).toBe(true)
  })

  test('card 3: a 2M mapping is installed after a zap that raised no sequence number', () => {
    const path = shortestViolation(modelOf('Y8'), 'an RMP fault is repaired')
    expect(path).toHaveLength(35)
    expectOrder(
      path,
      'vcpu.V4_sev_private_max_mapping_level',
      'vcpu.R4_snp_lookup_rmpentry_2M',
      'vcpu.R6_snp_rmptable_psmash',
      'vcpu.R7_kvm_zap_gfn_range',
      'vcpu.V13_is_page_fault_stale_no',
      'vcpu.V15_tdp_mmu_map_handle_target_level',
    )
  })

  test('card 4: a 2M request overlaps the 4K entry of another vCPU without end', () => {
    const path = shortestViolation(modelOf('Y9'), 'an overlap passes')
    expect(path).toHaveLength(16)
    expectOrder(
      path,
      'vcpu.V10_P2_large_rmp_is_possible',
      'vcpu.V10_P2_order_0',
      'vcpu.V10_P3_rmp_make_private',
    )
  })

  test('card 5: a kept folio that is bound at another gfn', () => {
    const path = shortestViolation(modelOf('Y6'), 'an RMP fault is repaired')
    expect(path).toHaveLength(25)
    expectOrder(
      path,
      'slots.U0_kvm_gmem_bind',
      'vcpu.PVALIDATE_1',
      'slots.U1_kvm_set_memslot_delete',
      'slots.U2_kvm_gmem_unbind',
      'slots.U3_kvm_gmem_bind',
      'vcpu.V10_P1_already_assigned',
      'vcpu.V15',
    )
  })

  test('card 7: a conversion there and back, with another page', () => {
    const model = modelOf('Y5-punch')
    const psc = (name: string) => ['A4', 'A5', 'A6'].map(step => `vcpu.C3_${name}.${step}`)
    const path = [
      'vcpu.G_accept(v=0',
      'vcpu.NPF_pvalidate@0',
      ...fault(0, 'V10_P3_rmp_make_private'),
      'vcpu.PVALIDATE_1@0',
      'vcpu.G_write(v=0',
      'vcpu.G_to_shared(v=0',
      'vcpu.PVALIDATE_0@0',
      ...psc('shared'),
      'vcpu.C3_shared.P2',
      'vcpu.C3_shared.P3',
      'vcpu.C3_shared.I_rmp_make_shared',
      'vcpu.C3_shared.I_clflush',
      'vcpu.C3_shared.P4',
      'vcpu.C4_snp_complete_psc_msr_shared',
      'vcpu.G_psc_private(v=0',
      ...psc('private'),
      'vcpu.C4_snp_complete_psc_msr_private',
      'vcpu.NPF_pvalidate@0',
      ...fault(0, 'V10_P3_rmp_make_private'),
      'vcpu.PVALIDATE_1@0',
      'vcpu.G_write(v=0',
    ]
    const end = follow(model, path)
    for (const p of model.properties)
      if (p.kind === 'invariant')
        expect({ [p.name]: isTrue(model, p.name, end) }).toEqual({ [p.name]: true })
  })

  test('S4: the host writes in the window between RMPUPDATE and split', () => {
    const model = modelOf('Y12-late')
    const path = [
      'vcpu.G_accept(v=0',
      'vcpu.NPF_pvalidate(v=0',
      'vcpu.V6_mmu_invalidate_seq(v=0',
      'vcpu.V10_kvm_gmem_get_folio(v=0',
      'vcpu.V10_P3_rmp_make_private(v=0',
      'host_writes(page=1',
    ]
    expect([...replay(model, path)]).toEqual([['a host write does not fault', path.length]])
  })
})

describe('a fault that is stuck at rest', () => {
  const property = 'an RMP fault is repaired'

  /** All states that can follow a shortest path to the violation. */
  function future(name: string, isTaken: (action: string) => boolean) {
    const model = modelOf(name)
    const interpreter = new Interpreter(model)
    const path = shortestViolation(model, property) ?? []
    const start = follow(model, path)
    const visited = new Map([[start.join(), start]])
    for (const state of visited.values())
      for (const { action, successor } of interpreter.transitions(state))
        if (isTaken(formatAction(model.actions[action]!)))
          if (!visited.has(successor.join())) visited.set(successor.join(), successor)
    const isStuck = (state: State) => !isTrue(model, property, state)
    return { isStuck, start, states: [...visited.values()], model }
  }
  const atRest = (model: Model, state: State) =>
    new Interpreter(model)
      .transitions(state)
      .some(({ action }) => /NPF|G_write/.test(model.actions[action]!.name))

  test('never comes to an end where the gpa is another one (Y6)', () => {
    const { states, isStuck, model } = future('Y6', () => true)
    const resting = states.filter(state => atRest(model, state))
    expect(resting.length).toBeGreaterThan(0)
    expect(states.length).toBeGreaterThan(resting.length)
    const names = new Set(
      states.flatMap(state =>
        new Interpreter(model).transitions(state).map(t => model.actions[t.action]!.name),
      ),
    )
    expect([...names].filter(name => /PVALIDATE_1|G_write/.test(name))).toEqual([])
    expect(isStuck(states[0]!)).toBe(true)
  })

  test('is ended only by a read where a 2M mapping is left (Y7)', () => {
    const ends = (isTaken: (action: string) => boolean) => {
      const { states, model, start } = future('Y7-no-zap', isTaken)
      const large = model.variables.findIndex(v => v.name === 'npt2M')
      expect(start[large]).toBe(1)
      return states.some(state => state[large] === 0)
    }
    const isOfGuest = (action: string) => !/G_accept|PVALIDATE|NPF_pvalidate/.test(action)
    expect(ends(a => isOfGuest(a) && !a.includes('RMP, read'))).toBe(false)
    expect(ends(isOfGuest)).toBe(true)
  })
})
