/** The compiler as a whole: determinism, size, what it tells the explorer. */
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { relevantStepPredicate } from '../../src/ir/step-predicate.js'
import { isTrue } from '../../src/ir/expression.js'
import { array, bool, defineModel, each, implies, next, not } from '../../src/index.js'
import septZap from '../../models/sept-zap.js'

test('gives equal bytes for equal models', () => {
  const [a, b] = [1, 2].map(() => compile(septZap.instantiate({ vcpus: 3, gfns: 3 })))
  expect(a!.wasm).toEqual(b!.wasm)
})

test('packs the reference workload into 46 bits', () => {
  const compiled = compile(septZap.instantiate({ vcpus: 3, gfns: 3 }))
  expect(compiled).toMatchObject({ stateBits: 46, strideWords: 1, maxFanout: 20 })
  expect(compiled.wasm.length).toBeLessThan(5000)
})

test('emits step properties only for actions that can violate them', () => {
  const model = defineModel({
    name: 'steps',
    about: 'Flags that are set and never cleared.',
    build(m) {
      const s = m.state({ flag: array(3, bool()) })
      for (const i of each(3)) {
        m.action('set', { i }).do(s.flag[i].set(true))
        m.action('clear', { i }).when(false).do(s.flag[i].set(false))
      }
      m.step('flag 0 stays', implies(s.flag[0], next(s.flag[0])))
      m.step('flag 0 falls', implies(not(next(s.flag[0])), not(s.flag[0])))
    },
  }).instantiate()
  for (const property of model.properties) {
    if (property.kind !== 'step') continue
    const needed = model.actions.flatMap((_, i) =>
      isTrue(relevantStepPredicate(property, i, model)) ? [] : [i],
    )
    // set(0) and clear(0) write flag 0; setting it decides the predicate at once.
    expect(needed).toContain(1)
    expect(needed.every(i => i <= 1)).toBe(true)
  }
})
