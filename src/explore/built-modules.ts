/**
 * The WebAssembly modules of a search that do not depend on the model. A program that still has a
 * model to load and to compile lets them be compiled meanwhile, on a core that has nothing to do.
 */
import { readFile } from 'node:fs/promises'
import { builtFiles, type BuiltFiles } from './worker-url.js'

const modules = new Map<string, Promise<WebAssembly.Module>>()

/** Compiles a built module, once per process; all workers share it. */
export function builtModule(path: string): Promise<WebAssembly.Module> {
  const module = modules.get(path) ?? readFile(path).then(bytes => WebAssembly.compile(bytes))
  modules.set(path, module)
  return module
}

/** Begins to compile what a search will need. If that fails, the search will say so. */
export function beginBuiltModules({ kernel, level }: BuiltFiles = builtFiles()): void {
  for (const path of [kernel, level]) builtModule(path).catch(() => undefined)
}
