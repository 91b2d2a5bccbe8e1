/** Bytes of a WebAssembly module: numbers in LEB128, vectors, names. */

/** Appends an unsigned number in LEB128. */
export function writeUnsigned(bytes: number[], value: number): void {
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
}

/** Appends a signed number of 32 bits in LEB128; most constants of a module are such. */
export function writeSigned32(bytes: number[], value: number): void {
  let rest = value
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return
  }
}

/** Appends a signed number in LEB128. `value` must fit 64 bits. */
export function writeSigned(bytes: number[], value: bigint): void {
  let rest = value
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return
  }
}

/** Appends a UTF-8 name with its length in front. */
export function writeName(bytes: number[], name: string): void {
  const encoded = new TextEncoder().encode(name)
  writeUnsigned(bytes, encoded.length)
  bytes.push(...encoded)
}

/** An unsigned number in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  writeUnsigned(bytes, value)
  return bytes
}

/** The parts, one after the other. */
export function concatenate(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let end = 0
  for (const part of parts) {
    bytes.set(part, end)
    end += part.length
  }
  return bytes
}

/** A list with its length in front. */
export function vector(items: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  return concatenate([unsigned(items.length), ...items])
}
