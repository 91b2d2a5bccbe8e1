/** Definitions: names, parameters with their domains, and what `instantiate` promises. */
import { describe, expect, it } from 'vitest'
import { bool, defineModel, flag, int, option, range, violated } from '../../src/index.js'
import { Diagnostic, formatDiagnostic } from '../../src/base/diagnostic.js'
import { formatDomain } from '../../src/lang/parameters.js'
import { wrong } from './mistake.js'

const definition = defineModel({
  name: 'demo-model',
  about: 'A demo.',
  sources: ['file.c'],
  params: {
    gfns: range(1, 5, 2, 'frames'),
    track: flag(true),
    zap: option(['all', 'leafs'], 'all'),
  },
  variants: [{ name: 'v', params: { gfns: 3 }, expect: { properties: { p: violated(4) } } }],
  build(m, { gfns, track, zap }) {
    const s = m.state({ n: int(0, gfns), track: bool(track) })
    m.action(zap).do(s.n.set(1))
  },
})

/** The line of the diagnostic that `attempt` causes. */
function diagnostic(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    if (error instanceof Diagnostic) return formatDiagnostic(error)
    throw error
  }
  return 'none'
}

describe('defineModel', () => {
  it('keeps what the author says, with lists that are left out empty', () => {
    expect(definition).toMatchObject({ zapcheckModel: 1, name: 'demo-model', about: 'A demo.' })
    expect(definition.sources).toEqual(['file.c'])
    expect(definition.omits).toEqual([])
    expect(definition.variants[0]?.expect.properties).toEqual({
      p: { verdict: 'violated', depth: 4 },
    })
  })

  it('refuses a reduction that does not exist, of the model and of a variant', () => {
    const base = { name: 'demo', about: '', build: () => undefined }
    expect(defineModel(base).reduce).toBe('none')
    expect(defineModel({ ...base, reduce: 'symmetry' }).reduce).toBe('symmetry')
    const wrongly = { name: 'v', params: {}, expect: {}, reduce: 'symetry' as never }
    for (const more of [{ reduce: 'symetry' as never }, { variants: [wrongly] }])
      expect(diagnostic(() => defineModel({ ...base, ...more }))).toBe(
        "ZC301 model demo: there is no reduction 'symetry'; did you mean 'symmetry'?",
      )
  })

  it('refuses names that the command line cannot take', () => {
    for (const name of ['', 'Demo', 'a b', '-a', '1a', 'a_b'])
      expect(diagnostic(() => defineModel({ name, about: '', build: () => undefined }))).toMatch(
        /^ZC301 .*is not a model name; write lower-case words joined by -$/,
      )
  })
})

describe('instantiate', () => {
  it('takes defaults for what is not given', () => {
    expect(definition.instantiate().parameters).toEqual({ gfns: 2, track: true, zap: 'all' })
    const model = definition.instantiate({ gfns: 4, zap: 'leafs' })
    expect(model.parameters).toEqual({ gfns: 4, track: true, zap: 'leafs' })
    expect(model.variables[0]?.type).toEqual({ kind: 'int', lo: 0, hi: 4 })
    expect(model.actions[0]?.name).toBe('leafs')
  })

  it('names the nearest parameter for one that does not exist', () => {
    expect(diagnostic(() => definition.instantiate({ gfn: 3 }))).toBe(
      "ZC103 model demo-model has no parameter 'gfn'; did you mean 'gfns'?",
    )
    const bare = defineModel({ name: 'bare', about: '', build: () => undefined })
    expect(diagnostic(() => bare.instantiate({ x: 1 }))).toMatch(/; it has no parameters$/)
  })

  it('names the domain for a value outside of it', () => {
    const text = (values: Record<string, number | boolean | string>): string =>
      diagnostic(() => definition.instantiate(values))
    expect(text({ gfns: 6 })).toBe(
      "ZC104 parameter gfns of demo-model cannot be '6'; it must be 1..5",
    )
    expect(text({ gfns: 1.5 })).toMatch(/^ZC104/)
    expect(text({ gfns: '3' })).toMatch(/^ZC104/)
    expect(text({ track: 1 })).toMatch(/it must be true\|false$/)
    expect(text({ zap: 'some' })).toMatch(/it must be all\|leafs$/)
  })

  it('gives an equal model each time', () => {
    const text = (): string => JSON.stringify(definition.instantiate({ gfns: 3 }))
    expect(text()).toBe(text())
  })

  it('passes on errors that are no diagnostics', () => {
    const broken = defineModel({
      name: 'broken',
      about: '',
      build: () => {
        throw new TypeError('a bug of the author')
      },
    })
    expect(() => broken.instantiate()).toThrow(new TypeError('a bug of the author'))
  })

  it('leaves the length of stack traces as it was', () => {
    const before = Error.stackTraceLimit
    definition.instantiate()
    expect(diagnostic(() => definition.instantiate({ gfns: 9 }))).toMatch(/^ZC104/)
    expect(Error.stackTraceLimit).toBe(before)
  })
})

describe('parameters', () => {
  it('have a default in their domain', () => {
    expect(diagnostic(() => range(1, 3, 4))).toMatch(/^ZC301 range\(1, 3, 4\) needs/)
    expect(diagnostic(() => range(1, 3, 1.5))).toMatch(/^ZC301/)
    expect(diagnostic(() => option(['a'], wrong('b')))).toMatch(/^ZC301 'b' is not one of a/)
  })

  it('show their domain in the words of the command line', () => {
    expect(Object.values(definition.parameters).map(formatDomain)).toEqual([
      '1..5',
      'true|false',
      'all|leafs',
    ])
  })
})
