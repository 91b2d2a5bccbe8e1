/** Modules from the encoder: the engine accepts and runs them. */
import { expect, test } from 'vitest'
import { FunctionBuilder } from '../../../src/compile/wasm/function-builder.js'
import { ModuleBuilder } from '../../../src/compile/wasm/module-builder.js'

function run(f: FunctionBuilder, ...parameters: number[]): number {
  const module = new ModuleBuilder()
  module.define(f, ['i32'], 'f')
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), {
    env: { memory },
  })
  const exported = instance.exports['f'] as (...p: number[]) => number
  return exported(...parameters)
}

test('branches reach their label from any nesting', () => {
  const f = new FunctionBuilder(['i32'])
  const result = f.local('i32')
  const outer = f.open('block')
  f.open('block')
  f.get(f.parameter(0))
  f.open('if')
  f.i32(7).set(result).br(outer)
  f.end()
  f.end()
  f.i32(9).set(result)
  f.end()
  f.get(result)
  expect(run(f, 1)).toBe(7)
  const g = new FunctionBuilder(['i32'])
  g.i32(-5)
  expect(run(g, 0)).toBe(-5)
})

test('a jump table picks its label, and the default beyond the table', () => {
  const f = new FunctionBuilder(['i32'])
  const result = f.local('i32')
  const done = f.open('block')
  const one = f.open('block')
  const zero = f.open('block')
  f.get(f.parameter(0)).brTable([zero, one], done)
  f.end()
  f.i32(10).set(result).br(done)
  f.end()
  f.i32(11).set(result)
  f.end()
  f.get(result)
  expect([0, 1, 2, 1000].map(n => run(f, n))).toEqual([10, 11, 0, 0])
})

test('64-bit constants keep all their bits', () => {
  const f = new FunctionBuilder([])
  f.i64(2n ** 64n - 1n)
    .i64(63n)
    .op('i64.shr_u', 'i32.wrap_i64')
  expect(run(f)).toBe(1)
})

test('a released local is used again', () => {
  const f = new FunctionBuilder([])
  const a = f.local('i32')
  f.release(a)
  expect(f.local('i32').index).toBe(a.index)
  expect(f.local('i64').index).not.toBe(a.index)
})

test('an open block at the end is refused', () => {
  const f = new FunctionBuilder([])
  f.open('block')
  expect(() => f.finish()).toThrow(/blocks are closed/)
})
