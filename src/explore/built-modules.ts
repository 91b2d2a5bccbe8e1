/** The WebAssembly modules of a search that do not depend on the model. */
import { readFileSync } from 'node:fs'

const modules = new Map<string, WebAssembly.Module>()

/**
 * A built module, compiled once per process; all workers share it. Half a millisecond, since the
 * engine compiles a function when it is first called: waiting for another thread takes longer.
 */
export function builtModule(path: string): WebAssembly.Module {
  const module = modules.get(path) ?? new WebAssembly.Module(readFileSync(path))
  modules.set(path, module)
  return module
}
