/** The code of a compiled model, instantiated over the shared memory of a run. */

/** Exports of a compiled model; the contract is in `src/compile/compiled-model.ts`. */
export interface ModelCode {
  /** Expands rows; returns how many it consumed. Addresses in and out are 32-bit. */
  expand(input: number, count: number, output: number, limit: number, context: number): number
  /** Evaluates the state properties on rows. */
  check(input: number, count: number, context: number): void
  /** Replaces rows by their representatives; absent if the search is not reduced by symmetry. */
  canonicalize?(rows: number, count: number): void
}

/** A thread's instance of the model. Instances hold no state of their own. */
export function instantiateModel(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): ModelCode {
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  return instance.exports as unknown as ModelCode
}
