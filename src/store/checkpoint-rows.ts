/**
 * The rows file of a checkpoint: every state of a run down to some depth, level by level. Levels
 * are appended and never changed. A level is
 *
 *   +0   u64  number of its states                     little endian
 *   +8   u32  depth
 *   +12  u32  64-bit words of a state
 *   +16  the packed states, one after the other, in any order
 *
 * and has a digest, sha-256 of (digest of the level before, states, head); before the first level
 * it is 32 zeros. The manifest holds the length of the valid part and the last digest, so whatever
 * lies beyond, left by a run that was killed while it wrote, does not count. Any thread, one at a
 * time.
 */
import { createHash, type Hash } from 'node:crypto'
import { readSync, writeSync } from 'node:fs'

/** Bytes before the states of a level. */
export const LEVEL_HEAD_BYTES = 16
/** The digest before the first level, hexadecimal. */
export const NO_LEVELS_DIGEST = '0'.repeat(64)
/** Collected before they are written. */
const BUFFER_BYTES = 2 ** 20

/** The 16 bytes before the states of a level. */
export interface LevelHead {
  readonly rowCount: number
  readonly depth: number
  readonly strideWords: number
}

/** Where the states of a level lie in the file. */
export interface LevelPlace {
  /** Byte at which they begin. */
  readonly offset: number
  readonly rowCount: number
}

/** The head of a level as bytes; `decodeLevelHead` is the inverse. */
export function encodeLevelHead({ rowCount, depth, strideWords }: LevelHead): Buffer {
  const head = Buffer.alloc(LEVEL_HEAD_BYTES)
  head.writeBigUInt64LE(BigInt(rowCount), 0)
  head.writeUInt32LE(depth, 8)
  head.writeUInt32LE(strideWords, 12)
  return head
}

/** Reads the head of a level. */
export function decodeLevelHead(head: Buffer): LevelHead {
  return {
    rowCount: Number(head.readBigUInt64LE(0)),
    depth: head.readUInt32LE(8),
    strideWords: head.readUInt32LE(12),
  }
}

/** Begins the digest of the level after that with digest `before`. */
export function beginDigest(before: string): Hash {
  return createHash('sha256').update(before, 'hex')
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done)
  }
}

/** Fills `rows` from byte `position` of the file on. Throws the system's error. */
export function readRows(fd: number, position: number, rows: Uint8Array): void {
  for (let done = 0; done < rows.length;) {
    const bytesRead = readSync(fd, rows, done, rows.length - done, position + done)
    if (bytesRead === 0) throw new Error('the rows file has become shorter')
    done += bytesRead
  }
}

/**
 * Appends levels behind the first `sizeBytes` bytes of the file. Every call may throw the system's
 * error, ENOSPC if the disk is full; then what was appended does not count.
 */
export class RowsAppender {
  readonly #fd: number
  readonly #strideWords: number
  readonly #buffer = Buffer.alloc(BUFFER_BYTES)
  #used = 0
  #sizeBytes: number
  #digest: string

  constructor(fd: number, after: { sizeBytes: number; digest: string; strideWords: number }) {
    this.#fd = fd
    this.#strideWords = after.strideWords
    this.#sizeBytes = after.sizeBytes
    this.#digest = after.digest
  }

  /** Bytes of the file that count now. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Digest of the level appended last. */
  get digest(): string {
    return this.#digest
  }

  /** Appends a level. `pieces` are packed states; a piece may change once the next is asked for. */
  appendLevel(depth: number, pieces: Iterable<Uint8Array>): void {
    const hash = beginDigest(this.#digest)
    const start = this.#sizeBytes
    let position = start + LEVEL_HEAD_BYTES
    const flush = (): void => {
      const bytes = this.#buffer.subarray(0, this.#used)
      hash.update(bytes)
      writeAll(this.#fd, bytes, position)
      position += this.#used
      this.#used = 0
    }
    this.#used = 0
    for (const piece of pieces) {
      if (this.#used + piece.length > BUFFER_BYTES) flush()
      this.#buffer.set(piece, this.#used)
      this.#used += piece.length
    }
    flush()
    const rowCount = (position - start - LEVEL_HEAD_BYTES) / (8 * this.#strideWords)
    const head = encodeLevelHead({ rowCount, depth, strideWords: this.#strideWords })
    writeAll(this.#fd, head, start)
    this.#digest = hash.update(head).digest('hex')
    this.#sizeBytes = position
  }
}
