/** The WebAssembly modules of a search that do not depend on the model. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

const modules = new Map<string, WebAssembly.Module>()

/** Flags of the engine: to compile a function when it is called, to optimize it when it is hot. */
const LAZY = ['wasm-lazy-compilation', 'wasm-dynamic-tiering']

/**
 * A built module, compiled once per thread; all workers share its code. Half a millisecond, since
 * the engine compiles a function when it is first called: waiting for another thread takes longer.
 */
export function builtModule(path: string): WebAssembly.Module {
  const module = modules.get(path) ?? new WebAssembly.Module(readFileSync(path))
  modules.set(path, module)
  return module
}

/**
 * Compiles built modules, and has the engine optimize all of their functions in the background. It
 * has one code for equal modules of a process: every thread that calls `builtModule` later gets
 * what is optimized here, as long as this thread lives. Some 5 ms, and 20 of other threads.
 */
export function optimizeModules(paths: readonly string[]): void {
  for (const flag of LAZY) setFlagsFromString(`--no-${flag}`)
  try {
    for (const path of paths) builtModule(path)
  } finally {
    for (const flag of LAZY) setFlagsFromString(`--${flag}`)
  }
}
