/**
 * Builds a WebAssembly module with one imported shared memory and some functions.
 * Source: WebAssembly Core Specification 2.0, section 5.5; threads proposal for shared memory.
 */
import { append, writeName, writeUnsigned, writeVector } from './bytes.js'
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
    const bytes = [...MAGIC_AND_VERSION]
    const types = this.functions.map(({ builder, results }) => {
      const type = [FUNCTION_TYPE]
      writeVector(
        type,
        builder.parameters.map(p => [valueType[p]]),
      )
      writeVector(
        type,
        results.map(r => [valueType[r]]),
      )
      return type
    })
    writeSection(bytes, section.type, types)
    writeSection(bytes, section.import, [memoryImport()])
    writeSection(
      bytes,
      section.function,
      this.functions.map((_, i) => unsigned(i)),
    )
    writeSection(bytes, section.export, this.exports())
    const bodies = this.functions.map(({ builder }) => {
      const body = builder.finish()
      return [...unsigned(body.length), ...body]
    })
    writeSection(bytes, section.code, bodies)
    return Uint8Array.from(bytes)
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

function unsigned(value: number): number[] {
  const bytes: number[] = []
  writeUnsigned(bytes, value)
  return bytes
}

function writeSection(bytes: number[], id: number, items: readonly (readonly number[])[]): void {
  const content: number[] = []
  writeVector(content, items)
  bytes.push(id)
  writeUnsigned(bytes, content.length)
  append(bytes, content)
}
