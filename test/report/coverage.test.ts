/** From counters to tables. */
import { defineModel, each, implies, int } from 'zapcheck'
import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import { layoutOf } from '../../src/layout/layout.js'
import { coverageOf } from '../../src/report/coverage.js'
import type { CoverageReport } from '../../src/report/coverage.js'
import { renderCoverage } from '../../src/report/coverage-text.js'
import { plain } from '../../src/trace/printable.js'
import { everyKind } from '../trace/models.js'

const counter = defineModel({
  name: 'counter',
  about: 'A counter climbs to 5; the second step of it is never taken.',
  build(m) {
    const s = m.state({ x: int(0, 9) })
    for (const by of each(3))
      m.action('climb', { by })
        .when(s.x.lt(by === 0 ? 0 : 5))
        .do(s.x.set(s.x.plus(1)))
    m.action('jump').when(s.x.gt(5)).do(s.x.set(0))
    m.deadlock('allowed')
    m.invariant('low', s.x.le(5))
    m.invariant('late', implies(s.x.gt(3), s.x.le(5)))
    m.invariant('too late', implies(s.x.gt(6), s.x.is(0)))
    m.reachable('far', s.x.is(8))
    m.step('after a jump', a => (a.name === 'jump' ? s.x.gt(7) : true))
  },
})

async function coverageFor(definition = counter): Promise<CoverageReport> {
  const model = definition.instantiate()
  const compiled = compile(model, layoutOf(model), null, { coverage: 'counts' })
  const result = await explore(compiled, { workers: 1, inline: true, keepGoing: true })
  const coverage = coverageOf(model, result)
  if (coverage === null) throw new Error('the run has no coverage')
  return coverage
}

const notes = { exhaustive: true, dead: {}, vacuous: {} }
const tiny: CoverageReport = { actions: [], properties: [], levels: [1] }

describe('coverageOf', () => {
  test('adds up the instances of an action, and says what a property was put to', async () => {
    expect(await coverageFor()).toEqual({
      actions: [
        { name: 'climb', instances: 3, deadInstances: 1, fired: 10, depth: 1 },
        { name: 'jump', instances: 1, deadInstances: 1, fired: 0, depth: null },
      ],
      properties: [
        { name: 'low', kind: 'invariant', exercised: 6, depth: 0 },
        { name: 'late', kind: 'invariant', exercised: 2, depth: 4 },
        { name: 'too late', kind: 'invariant', exercised: 0, depth: null },
        { name: 'far', kind: 'reachable', exercised: 0, depth: null },
        { name: 'after a jump', kind: 'step', exercised: 0, depth: null },
      ],
      levels: [1, 1, 1, 1, 1, 1],
    })
  })

  test('is about every kind of property', async () => {
    const { actions, properties } = await coverageFor(everyKind)
    const up = actions.find(({ name }) => name === 'up')
    for (const { kind, exercised } of properties)
      if (kind === 'deadlock') expect(exercised).toBeNull()
      else if (kind === 'assertion') expect(exercised).toBe(up?.fired)
      else expect(exercised, kind).toBeGreaterThan(0)
  })
})

describe('renderCoverage', () => {
  test('marks what is dead and vacuous, and only that', async () => {
    const text = renderCoverage(await coverageFor(), notes, plain)
    expect(text).toMatch(/^jump .* dead$/m)
    expect(text).toMatch(/^climb +3 +10 +100\.0% +1 +1 of 3 instances never$/m)
    expect(text).toMatch(/^too late +0 +vacuous$/m)
    expect(text).toMatch(/^late +2 +4 +states$/m)
    expect(text.match(/vacuous/g)).toHaveLength(2)
    expect(text).not.toMatch(/^far .*vacuous/m)
  })

  test('calls nothing dead or vacuous before everything was explored', async () => {
    const text = renderCoverage(await coverageFor(), { ...notes, exhaustive: false }, plain)
    expect(text).toMatch(/^jump .* not so far$/m)
    expect(text).not.toMatch(/dead|vacuous/)
  })

  test('shows the reasons of what the model accepts', async () => {
    const accepted = { dead: { jump: 'no legs' }, vacuous: { 'too late': 'early' } }
    const text = renderCoverage(await coverageFor(), { ...notes, ...accepted }, plain)
    expect(text).toContain('dead (accepted: no legs)')
    expect(text).toContain('vacuous (accepted: early)')
  })

  test('has a bounded number of lines for any number of levels', () => {
    for (const count of [1, 15, 16, 17, 32, 33, 1000]) {
      const levels = Array.from({ length: count }, (_, i) => i + 1)
      const lines = renderCoverage({ ...tiny, levels }, notes, plain).split('\n')
      expect(lines.length).toBeLessThanOrEqual(24)
      expect(lines.filter(line => line.endsWith('#')).every(line => line.length < 80)).toBe(true)
    }
    expect(renderCoverage({ ...tiny, levels: [2, 3] }, notes, plain)).toContain(
      '\n0           2  #',
    )
  })

  test('shows names from models as escapes where they could harm', () => {
    const actions = [{ name: 'a\u001b[2J', instances: 1, deadInstances: 0, fired: 1, depth: 1 }]
    const text = renderCoverage({ ...tiny, actions }, notes, plain)
    expect(text).toContain('a\\u001b[2J')
    expect(text).not.toContain('\u001b')
  })
})
