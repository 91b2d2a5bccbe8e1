/**
 * The model nx-recovery: T11 and T12 of the corpus as paths, and that the same paths end well with
 * the fixes.
 */
import { describe, expect, test } from 'vitest'
import definition from '../../models/nx-recovery/index.js'
import type { Model } from '../../src/ir/model.js'
import { modelOf as variantOf, replay, shortestViolation } from './paths.js'

const modelOf = (name: string): Model => variantOf(definition, name)

const listed = 'a freed table is not listed'
const count = 'the count is that of flagged tables'

/** The fault links its table; the end of dirty logging puts the huge page back. */
const link = [
  'vcpu.V12_read_lock',
  'vcpu.V14_tdp_iter_start',
  'vcpu.V14_tdp_mmu_alloc_sp',
  'vcpu.V14_tdp_mmu_link_sp',
]
const zap = [
  'recover.read_lock',
  'recover.tdp_iter_refresh_sptep',
  'recover.tdp_mmu_set_spte_atomic',
  'recover.tdp_mmu_unlink_sp',
]
const untrack = 'recover.untrack_possible_nx_huge_page'
const free = ['recover.call_rcu', 'recover.read_unlock']
const unlock = 'vcpu.V16_read_unlock'
const callback = 'tdp_mmu_free_sp_rcu_callback'

describe('the interleavings of the corpus', () => {
  test('T11: the zap does not see the flag, which is set after it', () => {
    const path = [...link, ...zap, ...free, 'vcpu.V14_account_nx_huge_page', unlock]
    const model = modelOf('T11')
    expect([...replay(model, path)]).toEqual([[count, path.length]])
    expect(replay(model, [...path, callback]).get(listed)).toBe(path.length + 1)
    expect(shortestViolation(model, count)).toHaveLength(path.length)
  })

  test('T11 mended by the flag alone: the zap takes the flag, and the table is listed', () => {
    const path = [...link, ...zap, untrack, ...free, 'vcpu.V14_track_possible_nx_huge_page']
    const model = modelOf('T12')
    expect([...replay(model, [...path, unlock, callback])]).toEqual([
      [count, path.length + 1],
      [listed, path.length + 2],
    ])
  })

  test('T12 with a check outside of the lock: the zap comes after the check', () => {
    const track = 'vcpu.V14_track_possible_nx_huge_page'
    const path = [...link, 'vcpu.V14_check_without_lock', ...zap, untrack, ...free, track, unlock]
    expect([...replay(modelOf('T12-unlocked'), path).keys()]).toEqual([count])
  })

  test('with both fixes the same steps leave the list empty', () => {
    const model = modelOf('T11-fixed')
    const path = [...link, ...zap, untrack, ...free, 'vcpu.V14_track_possible_nx_huge_page']
    expect([...replay(model, [...path, unlock, callback])]).toEqual([])
    expect(shortestViolation(model, listed)).toBeNull()
  })
})

test('the worker needs RCU: the table that it took from the list is freed under its feet', () => {
  const path = shortestViolation(modelOf('worker-without-rcu'), 'no use of a freed page table')
  expect(path?.at(-1)).toMatch(/^tdp_mmu_free_sp_rcu_callback/)
  expect(path?.findIndex(name => name.startsWith('worker.unaccount'))).toBeLessThan(
    path?.findIndex(name => name.startsWith('recover.call_rcu')) ?? 0,
  )
})

test('the worker that returns with the lock stops everybody', () => {
  const path = ['worker.write_lock', 'worker.list_is_empty']
  const model = modelOf('worker-returns-locked')
  expect([...replay(model, path)]).toEqual([])
  expect(() => replay(model, [...path, 'vcpu'])).toThrow('0 actions fit')
  expect(() => replay(model, [...path, 'recover'])).toThrow('0 actions fit')
})
