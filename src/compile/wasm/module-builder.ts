/**
 * Builds a WebAssembly module with one imported shared memory and some functions.
 * Source: WebAssembly Core Specification 2.0, section 5.5; threads proposal for shared memory.
 */
import { concatenate, unsigned, vector, writeName, writeUnsigned } from './bytes.js'
import type { FunctionBuilder, FunctionIndex } from './function-builder.js'
import { valueType } from './opcodes.js'
import type { ValueType } from './opcodes.js'

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const FUNCTION_TYPE = 0x60
const IMPORT_MEMORY = 0x02
const EXPORT_FUNCTION = 0x00
const LIMITS_SHARED = 0x03
/** Most pages of 64 KiB that a memory can have: 4 GiB. */
const PAGES_MAX = 65_536

const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const

interface DefinedFunction {
  readonly builder: FunctionBuilder
  readonly results: readonly ValueType[]
  readonly exportName: string | null
}

/** Collects functions; `finish` gives the bytes. */
export class ModuleBuilder {
  private readonly functions: DefinedFunction[] = []

  /** Adds a function; its body may be filled in later. */
  define(
    builder: FunctionBuilder,
    results: readonly ValueType[],
    exportName: string | null = null,
  ): FunctionIndex {
    return this.functions.push({ builder, results, exportName }) - 1
  }

  finish(): Uint8Array<ArrayBuffer> {
    const types = this.functions.map(({ builder, results }) => {
      const parameters = vector(builder.parameters.map(p => [valueType[p]]))
      return concatenate([[FUNCTION_TYPE], parameters, vector(results.map(r => [valueType[r]]))])
    })
    const bodies = this.functions.map(({ builder }) => {
      const body = builder.finish()
      return concatenate([unsigned(body.length), body])
    })
    return concatenate([
      MAGIC_AND_VERSION,
      sectionOf(section.type, types),
      sectionOf(section.import, [memoryImport()]),
      sectionOf(
        section.function,
        this.functions.map((_, i) => unsigned(i)),
      ),
      sectionOf(section.export, this.exports()),
      sectionOf(section.code, bodies),
    ])
  }

  private exports(): number[][] {
    return this.functions.flatMap(({ exportName }, i) => {
      if (exportName === null) return []
      const entry: number[] = []
      writeName(entry, exportName)
      entry.push(EXPORT_FUNCTION)
      writeUnsigned(entry, i)
      return [entry]
    })
  }
}

function memoryImport(): number[] {
  const entry: number[] = []
  writeName(entry, 'env')
  writeName(entry, 'memory')
  entry.push(IMPORT_MEMORY, LIMITS_SHARED)
  writeUnsigned(entry, 1)
  writeUnsigned(entry, PAGES_MAX)
  return entry
}

function sectionOf(id: number, items: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const content = vector(items)
  return concatenate([[id], unsigned(content.length), content])
}
