/** Rendering of traces: what a reader sees. */
import { describe, expect, test } from 'vitest'
import { colored, printable } from '../../src/trace/printable.js'
import { renderTrace } from '../../src/trace/render.js'
import { example } from './example.js'

describe('renderTrace', () => {
  test('names actor and action and shows only what changed, in columns', () => {
    expect(renderTrace(example)).toBe(
      [
        "counterexample to 'no stale translation' in example (vcpus=2, track=false): 2 steps",
        '',
        '  1  vCPU 0  fault(v=0, g=1)  vcpu[0].pc: run -> snap',
        '                              lock:       0 -> 1',
        '                              dirty:      {} -> {0, 2}',
        '                              root:       none -> 1',
        '  2  zapper  wait             no change',
        '',
        'violated by step 2: no stale translation (invariant)',
        '  the host may read it',
        '',
      ].join('\n'),
    )
  })

  test('shows whole states, changed variables starred', () => {
    const text = renderTrace(example, { full: true })
    expect(text).toContain('  0  initial state')
    expect(text).toMatch(/vcpu\[0\] {2}\*pc=snap/)
    expect(text).toMatch(/sept {5}\[0\]=free/)
    expect(text).toMatch(/dirty {4}\*\{0, 2\}/)
  })

  test('leaves out where the acting process goes next, and nothing else', () => {
    const initial = { 'vcpu[0].pc': 'LOCK|EXIT', 'vcpu[1].pc': 'LOCK|EXIT', 'a.pc': 'LOCK', x: 0 }
    const state = { 'vcpu[0].pc': 'WALK', 'vcpu[1].pc': 'WALK', 'a.pc': 'WALK', x: 1 }
    const step = { action: 'vcpu.EXIT', parameters: {}, actor: null, state }
    const text = renderTrace({ ...example, initial, steps: [step] })
    expect(text).toMatch(/vcpu\.EXIT {2}a\.pc: LOCK -> WALK\n +x: +0 -> 1\n\n/)
    const after = { ...initial, 'vcpu[1].pc': 'WALK' }
    const alone = renderTrace({ ...example, initial, steps: [{ ...step, state: after }] })
    expect(alone).toMatch(/^ +1 {2}vcpu\.EXIT$/m)
    expect(alone).not.toContain('no change')
  })

  test('ends a deadlock with the state in which it is', () => {
    const property = { name: 'deadlock freedom', kind: 'deadlock', meaning: null } as const
    const text = renderTrace({ ...example, property })
    expect(text).toMatch(/nobody can go on.*\n +vcpu\[0\] +pc=snap\n/)
  })

  test('gives a long action a line alone', () => {
    const [first, ...others] = example.steps
    const action = 'a_kernel_function_with_a_name_that_is_longer_than_the_column'
    const text = renderTrace({ ...example, steps: [{ ...first!, action }, ...others] })
    expect(text).toMatch(new RegExp(`${action}\\(v=0, g=1\\)\\n +vcpu\\[0\\]\\.pc: run -> snap\\n`))
  })

  test('shows a violation in the initial state without steps', () => {
    const text = renderTrace({ ...example, steps: [] })
    expect(text).toContain('0 steps')
    expect(text).toContain('violated in the initial state')
  })

  test('ends with the failing action of a model error', () => {
    const error = {
      code: 'ZC401',
      message: 'variable lock is given 4',
      action: { action: 'up', parameters: {}, actor: 'vCPU 0' },
    } as const
    const text = renderTrace({ ...example, verdict: 'error', property: null, error })
    expect(text).toContain('3 steps')
    expect(text).toMatch(/3 {2}vCPU 0 {2}up +fails\n/)
    expect(text).toContain('ZC401: variable lock is given 4')
  })

  test('shows no control characters of names, with or without colors', () => {
    const evil = '\u001b[31m\u0007\u202e\u009b'
    const property = { name: evil, kind: 'invariant', meaning: evil } as const
    const steps = [{ action: evil, parameters: { [evil]: evil }, actor: evil, state: { x: evil } }]
    const trace = { ...example, model: evil, property, initial: { x: '' }, steps }
    const text = renderTrace(trace, { full: true })
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    const withColors = renderTrace(trace, { full: true, paint: colored })
    expect(withColors.replaceAll(/\u001b\[\d+m/g, '')).toBe(text)
  })
})

test('printable keeps every other letter, also beyond ASCII', () => {
  expect(printable('größe → 1 \u{1f40e}')).toBe('größe → 1 \u{1f40e}')
  expect(printable('a\nb\r')).toBe('a\\u000ab\\u000d')
})
