/**
 * The functions of the store's kernel (index.ts) that the loop of a level calls; described in
 * `src/store/kernel.ts`. The import's module is named after this file.
 */

/** Inserts rows into the visited set and appends those that were new to the level log. */
export declare function insert(rows: usize, count: u32): u32

/** Sorts rows by shard. */
export declare function partition(rows: usize, count: u32): u32

/** Takes a run of the level; -1 if none is left. */
export declare function takeRun(): i32

/** Puts where the rows of a descriptor are into the result line. */
export declare function readDescriptor(index: u32): void

/** Unfolds rows of the level log to packed states. */
export declare function unfold(logged: usize, count: u32, rows: usize): void
