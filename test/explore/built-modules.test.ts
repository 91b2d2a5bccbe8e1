/** The built modules, and that the engine optimizes them beside a program that loads its model. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { builtModule, optimizeModules } from '../../src/explore/built-modules.js'
import { builtFiles } from '../../src/explore/worker-url.js'
import { commandPath } from '../cli/command.js'

const { kernel, level } = builtFiles()

/** What an instance of the kernel offers. */
function kernelExports(): object {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })
  return new WebAssembly.Instance(builtModule(kernel), { env: { memory } }).exports
}

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
    expect(Object.keys(kernelExports())).toContain('insert')
    expect(() => optimizeModules(['/no/such/module.wasm'])).toThrow('ENOENT')
  })

  test('are optimized while the model is loaded, if there are several workers', () => {
    const all = Object.keys(kernelExports()).length
    const alone = optimizedFunctions(1)
    expect(alone).toBeLessThan(all)
    // On a busy machine the program may be ready before the thread is.
    expect([1, 2, 3, 4, 5].some(() => optimizedFunctions(2) > all)).toBe(true)
  })
})
