/** Broken promises of our own code end as InternalError. */
import { describe, expect, it } from 'vitest'
import { InternalError, assert, defined, unreachable } from '../../src/base/assert.js'

describe('assert', () => {
  it('does nothing where the condition holds', () => {
    expect(() => assert(true, 'never shown')).not.toThrow()
  })

  it('throws an internal error with the message otherwise', () => {
    expect(() => assert(false, 'table is full')).toThrow(new InternalError('table is full'))
  })
})

describe('defined', () => {
  it('gives every value but undefined', () => {
    expect([0, '', null, false].map(value => defined(value))).toEqual([0, '', null, false])
  })

  it('throws an internal error for undefined', () => {
    expect(() => defined([][0], 'no first element')).toThrow(new InternalError('no first element'))
  })
})

describe('unreachable', () => {
  it('throws an internal error that shows the value', () => {
    expect(() => unreachable({ kind: 'new' } as never)).toThrow('unreachable: {"kind":"new"}')
  })
})
