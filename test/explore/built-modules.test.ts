/** The built modules, and that the engine optimizes them beside a program that loads its model. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { builtModule, optimizeModules } from '../../src/explore/built-modules.js'
import { builtFiles } from '../../src/explore/worker-url.js'
import { commandPath } from '../cli/command.js'

const { kernel, level } = builtFiles()

/** Functions that the engine optimizes in a small check with so many workers. */
function optimizedFunctions(workers: number): number {
  const words = ['check', 'sept-zap', `--workers=${workers}`]
  const args = ['--trace-wasm-compilation-times', commandPath, ...words]
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status).toBe(0)
  return stdout.match(/using TurboFan/g)?.length ?? 0
}

describe('built modules', () => {
  test('are compiled once', () => {
    optimizeModules([kernel, level])
    expect(builtModule(kernel)).toBe(builtModule(kernel))
    const names = WebAssembly.Module.exports(builtModule(kernel)).map(({ name }) => name)
    expect(names).toContain('insert')
    expect(() => optimizeModules(['/no/such/module.wasm'])).toThrow('ENOENT')
  })

  test('are optimized while the model is loaded, if there are several workers', () => {
    const all = WebAssembly.Module.exports(builtModule(kernel)).length
    const alone = optimizedFunctions(1)
    expect(alone).toBeLessThan(all)
    // On a busy machine the program may be ready before the thread is.
    expect([1, 2, 3, 4, 5].some(() => optimizedFunctions(2) > all)).toBe(true)
  })
})
