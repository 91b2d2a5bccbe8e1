/** Tests of the benchmark's command line. */
import { describe, expect, test } from 'vitest'
import { readOptions } from '../../bench/options.js'
import { smokeSystems, systems } from '../../bench/systems.js'

describe('the options of the benchmark', () => {
  const titlesOf = (...args: string[]): string[] =>
    readOptions(args, '/').systems.map(({ title }) => title)

  test('choose all default systems, five rounds and an ignored file without arguments', () => {
    const options = readOptions([], '/')
    expect(options.systems).toEqual(systems)
    expect(options.rounds).toBe(5)
    expect(options.json).toBe('/.zapcheck/bench.json')
  })

  test('choose systems by name or by title, and larger ones by title', () => {
    expect(titlesOf('--only', 'sept-zap')).toEqual(['sept-zap (2,3)', 'sept-zap (3,3)'])
    expect(titlesOf('--only', 'sept-zap (3,3),german')).toEqual(['sept-zap (3,3)', 'german (4)'])
    expect(titlesOf('--only', 'german (5)')).toEqual(['german (5)'])
  })

  test('choose the smallest systems and one round with --smoke', () => {
    const options = readOptions(['--smoke'], '/')
    expect(options.systems).toEqual(smokeSystems)
    expect(options.rounds).toBe(1)
  })

  test('are refused when something does not exist', () => {
    const wrong = [
      ['--only', 'nothing'],
      ['--tools', 'tlc'],
      ['--parts', 'x'],
      ['--rounds', '0'],
    ]
    for (const args of wrong) expect(() => readOptions(args, '/'), args[0]).toThrow(RangeError)
    expect(() => readOptions(['--round', '3'], '/')).toThrow('--round')
  })
})
