/**
 * The part of the WebAssembly JavaScript interface that is used here. Node's types leave it out,
 * and TypeScript has it in its library of browser types only, with all the rest of a browser.
 * Source: https://webassembly.github.io/spec/js-api/ with threads.
 */
declare namespace WebAssembly {
  /** Compiled code without state; may be posted to other threads. */
  class Module {
    constructor(bytes: Uint8Array)
    private readonly brand
  }

  /** Compiled code with its globals. */
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>)
    readonly exports: Record<string, unknown>
  }

  /** Linear memory; sizes are in pages of 64 KiB. */
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean })
    readonly buffer: ArrayBufferLike
    grow(pages: number): number
  }

  /** Compiles without blocking the thread. */
  function compile(bytes: Uint8Array): Promise<Module>
}
