/** The page fault by itself: the order of its stages, ways out, locks for read and for write. */
import { describe, expect, test } from 'vitest'
import { bool, defineModel, rwlock, step } from 'zapcheck'
import { pageFault } from '../../../models/components/page-fault.js'
import type { PageFault } from '../../../models/components/page-fault.js'
import { Interpreter } from '../../../src/interpret/interpreter.js'
import { replay } from '../paths.js'

const instance = (change: Partial<PageFault>) =>
  defineModel({
    name: 'fault',
    about: 'One fault with stages that do nothing.',
    build(m) {
      const s = m.state({ lock: rwlock(1), isStale: bool(), isMissing: bool(), done: bool() })
      const of = (label: string) => ({ steps: [step(label)] })
      const missing = { when: s.isMissing, then: [step('V8_no_slot')] }
      m.action('becomes_stale').when(s.isStale.not()).do(s.isStale.set(true))
      m.action('slot_goes').when(s.isMissing.not()).do(s.isMissing.set(true))
      m.process('vcpu', { actor: 'vCPU 0' }, [
        pageFault({
          slot: { waysOut: [missing], ...of('V5') },
          snapshot: of('V6'),
          attributes: of('V7'),
          page: of('V10'),
          mmuLock: s.lock,
          isStale: s.isStale,
          map: unlock => [step('V15'), unlock],
          forget: s.done.set(true),
          ...change,
        }),
      ])
      m.deadlock('allowed')
      m.invariant('the lock is free after the fault', s.done.implies(s.lock.isFree))
    },
  }).instantiate({})

const lookups = ['vcpu.V5', 'vcpu.V6', 'vcpu.V7', 'vcpu.V10']
const map = ['vcpu.V13_is_page_fault_stale_no', 'vcpu.V15']

describe('a page fault', () => {
  test('goes through its stages in the order of the kernel', () => {
    const path = [...lookups, 'vcpu.V12_read_lock', ...map, 'vcpu.V16_read_unlock']
    expect([...replay(instance({}), path)]).toEqual([])
  })

  test('goes through them in another order where one is given', () => {
    const model = instance({ order: ['page', 'slot', 'attributes', 'snapshot'] })
    const path = ['vcpu.V10', 'vcpu.V5', 'vcpu.V7', 'vcpu.V6', 'vcpu.V12_read_lock', ...map]
    expect([...replay(model, path)]).toEqual([])
    expect(() => replay(model, lookups)).toThrow('0 actions fit vcpu.V5')
  })

  test('is tried again if it is stale under mmu_lock, and drops the lock', () => {
    const path = [
      ...lookups,
      'vcpu.V12_read_lock',
      'becomes_stale',
      'vcpu.V13_is_page_fault_stale_R',
    ]
    expect([...replay(instance({}), path)]).toEqual([])
    expect(() => replay(instance({}), [...path.slice(0, -1), ...map])).toThrow('0 actions fit')
  })

  test('ends early on a way out', () => {
    const path = ['slot_goes', 'vcpu.V8_no_slot']
    expect([...replay(instance({}), path)]).toEqual([])
    expect(() => replay(instance({}), ['slot_goes', 'vcpu.V5'])).toThrow('0 actions fit')
  })

  test('holds mmu_lock for write where it is told to, under labels of its own', () => {
    const model = instance({ isExclusive: true, prefix: 'shadow_' })
    const lock = 'vcpu.shadow_V12_write_lock'
    const path = [lock, 'vcpu.shadow_V13_is_page_fault_stale_no', 'vcpu.V15']
    expect([...replay(model, [...lookups, ...path, 'vcpu.shadow_V16_write_unlock'])]).toEqual([])
  })

  test('has only the stages that a model gives', () => {
    const { actions } = instance({})
    const labels = (names: typeof actions) =>
      names.map(a => a.name).filter(n => n.startsWith('vcpu'))
    expect(labels(actions)).toHaveLength(10)
    expect(new Interpreter(instance({})).initial()).toHaveLength(6)
  })
})
