/**
 * The sampler: random walks and lossy depth-first runs, in WebAssembly. It imports the functions of
 * the compiled model, which are called from here without any JavaScript between; so it is a module
 * of its own, beside the kernel. An instance belongs to one worker and holds the walk or run at
 * hand in its globals.
 *
 * The exports are typed and described in `src/explore/sampler.ts`.
 */
export { attachSampler as attach } from './sampling'
export { beginRun, dive, stackDepth, stackRow } from './dive'
export { beginWalks, walk } from './walk'
