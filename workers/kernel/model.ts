/**
 * The functions of the compiled model (src/compile/compiled-model.ts), which sampler and level loop
 * import and call directly. The import's module is named after this file.
 */

/** Writes the successors of rows; their end is the first word of the context. */
export declare function expand(
  input: usize,
  count: u32,
  output: usize,
  limit: usize,
  context: usize,
): u32

/** Evaluates the state properties on rows. */
export declare function check(input: usize, count: u32, context: usize): void

/** Replaces rows by their representatives. Only if the search is reduced by symmetry. */
export declare function canonicalize(rows: usize, count: u32): void
