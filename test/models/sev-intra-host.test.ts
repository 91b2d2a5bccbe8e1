/**
 * sev-intra-host: the interleavings of the corpus, and what its variants have in common.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import definition from '../../models/sev-intra-host/index.js'
import { parameters } from '../../models/sev-intra-host/parameters.js'
import { defined } from '../../src/base/assert.js'
import { search } from '../../src/interpret/search.js'
import type { Model } from '../../src/ir/model.js'
import { replay, shortestViolation } from './paths.js'

const variantOf = (name: string) =>
  defined(
    definition.variants.find(v => v.name === name),
    name,
  )
const modelOf = (name: string): Model => definition.instantiate(variantOf(name).params)
const violatedIn = (name: string): readonly string[] =>
  Object.keys(variantOf(name).expect.properties ?? {})

const lockTwo = (process: string) =>
  ['kvm_vm_ioctl', 'migration_in_progress_dst', 'migration_in_progress_src'].map(
    step => `${process}.${step}`,
  )
const locks = ['move.mutex_lock_dst', 'move.mutex_lock_src']
const copyFromA = [
  'copy.migration_in_progress_A',
  'copy.mutex_lock_A',
  'copy.sev_vm_copy_enc_context_from_A',
]

describe('the bugs of the corpus', () => {
  test('M1: the interleaving of the corpus is a shortest counterexample', () => {
    const property = 'every vCPU of an SEV-ES VM has a VMSA'
    const path = [
      'create.created_vcpus',
      'create.svm_vcpu_create',
      ...lockTwo('move'),
      ...locks,
      'move.sev_migrate_from',
      'move.kvm_vm_dead',
      'create.online_vcpus',
    ]
    expect(replay(modelOf('M1'), path).get(property)).toBe(path.length)
    expect(shortestViolation(modelOf('M1'), property)).toHaveLength(path.length)
    expect(() => replay(modelOf('M1-fixed'), path)).toThrow('sev_check_source_vcpus_EBUSY')
  })

  test('M2: the interleaving of the corpus is a shortest counterexample', () => {
    const property = 'no VM runs with an ASID that was freed'
    const path = [
      ...copyFromA,
      ...lockTwo('move'),
      ...locks,
      'move.sev_migrate_from',
      'move.kvm_vm_dead',
      'close_L',
      'sev_vm_destroy_L',
    ]
    expect(replay(modelOf('M2'), path).get(property)).toBe(path.length)
    expect(shortestViolation(modelOf('M2'), property)).toHaveLength(path.length)
    expect(() => replay(modelOf('M2-fixed'), path)).toThrow('has_mirrors_EBUSY')
    // As merged later, the mirror holds a reference on the destination: it is not destroyed.
    expect(() => replay(modelOf('M2-transfer'), path)).toThrow('0 actions fit sev_vm_destroy_L')
  })

  test('M4: each of two moves holds what the other one waits for', () => {
    const path = ['move.kvm_vm_ioctl', locks[0] ?? '', 'move_back.kvm_vm_ioctl']
    const model = modelOf('M4')
    expect(() => replay(model, [...path, 'move_back.mutex_lock_dst'])).not.toThrow()
    const stuck = [...path, 'move_back.mutex_lock_dst', 'move.mutex_lock_src']
    expect(() => replay(model, stuck)).toThrow('0 actions fit')
    const fixed = modelOf('M4-fixed')
    const deadlock = fixed.properties.findIndex(p => p.name === 'deadlock freedom')
    expect(search(fixed).depths[deadlock]).toBeNull()
  })

  test('the owner that a mirror has read is another one when it gives its reference back', () => {
    const path = defined(
      shortestViolation(modelOf('M2-transfer-closing'), 'references of a VM are balanced') ??
        undefined,
    )
    const order = [
      'close_B.sev_vm_destroy_reads_owner',
      'move.sev_migrate_from',
      'close_A',
      'close_B.kvm_put_kvm_A',
    ].map(step => path.indexOf(step))
    expect(order).not.toContain(-1)
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })
})

describe('the variants of sev-intra-host', () => {
  const names = definition.variants.map(v => v.name)
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

  test('are in the documentation with the counts of each variant', () => {
    const page = readFileSync('docs/models/sev-intra-host.md', 'utf8')
    for (const { name, expect: expected } of definition.variants) {
      const { states, transitions, depth } = expected
      const line = page.split('\n').find(l => l.startsWith(`| \`${name}\` |`))
      expect(line?.endsWith(`| ${states} | ${transitions} | ${depth} |`)).toBe(true)
    }
  })

  test('use every value of every parameter', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const used = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(used).toEqual(new Set(parameter.options))
      else expect(used.size).toBeGreaterThan(1)
    }
  })
})
