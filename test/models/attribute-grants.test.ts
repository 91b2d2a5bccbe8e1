/**
 * The model attribute-grants: its counterexample is a fault that takes the new right of one page
 * for its neighbour.
 */
import { expect, test } from 'vitest'
import definition from '../../models/attribute-grants.js'
import { replay, shortestViolation } from './paths.js'

const property = 'a leaf allows no more than its pages'
const grant = [
  'set.A0_kvm_vm_ioctl_set_mem_attributes(choice=gfn 0 writable)',
  'set.A5_xa_store_without_invalidation',
]
const fault = [
  'vcpu.V4_kvm_mmu_do_page_fault(choice=gfn 0)',
  'vcpu.V6',
  'vcpu.V7',
  'vcpu.V12',
  'vcpu.V13_is_page_fault_stale_no',
  'vcpu.V15',
]

test('a hugepage takes the right of the page that was granted to its neighbour', () => {
  const model = definition.instantiate({ skips: 'grants' })
  expect(shortestViolation(model, property)).toHaveLength(grant.length + fault.length)
  expect(replay(model, [...grant, ...fault]).get(property)).toBe(grant.length + fault.length)
})

test('the mark before the store mends it', () => {
  const model = definition.instantiate({ skips: 'grants', mixedEarly: true })
  const [request = '', store = ''] = grant
  expect([...replay(model, [request, 'set.A4_mark_mixed', store, ...fault])]).toEqual([])
  expect(shortestViolation(model, property)).toBeNull()
})
