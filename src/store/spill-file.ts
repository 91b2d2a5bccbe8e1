/**
 * The file to which the level log goes when it has filled its budget of memory. Block n of the log
 * lies at byte n * BLOCK_BYTES, if it was written at all; places of blocks that stayed in memory
 * are holes, which take no room on disk.
 *
 * The thread that starts a run opens the file and removes its name at once, so that nothing is
 * left whatever ends the process. A file descriptor belongs to the whole process: workers get its
 * number, and read and write at places of their own without a common file position.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BLOCK_BYTES } from './control-slots.js'

/** An open spill file. Plain data, handed to worker threads; whoever opened it closes it. */
export interface SpillFile {
  /** Number of the file descriptor. */
  readonly fd: number
  /** Where the system keeps names of open files: what is to be removed at the end. */
  readonly path: string | null
}

/** A place in the file, in bytes. */
export interface SpillPlace {
  readonly block: number
  /** Offset in the block. */
  readonly offset: number
}

/** A piece of the shared memory. */
export interface MemoryPiece {
  readonly memory: WebAssembly.Memory
  readonly address: number
  readonly sizeBytes: number
}

/** Makes an empty spill file in `folder`. Throws the system's error if that cannot be. */
export function openSpillFile(folder: string): SpillFile {
  const path = join(folder, `zapcheck-${randomUUID()}.spill`)
  const fd = openSync(path, 'wx+', 0o600)
  try {
    rmSync(path)
    return { fd, path: null }
  } catch {
    return { fd, path }
  }
}

/** Closes the file, and with that gives its disk space back. No thread may use it any more. */
export function closeSpillFile({ fd, path }: SpillFile): void {
  closeSync(fd)
  if (path !== null) rmSync(path, { force: true })
}

/** Writes a piece of memory. Throws the system's error, ENOSPC if the disk is full. Any thread. */
export function writeSpill({ fd }: SpillFile, place: SpillPlace, piece: MemoryPiece): void {
  const bytes = bytesOf(piece)
  const start = positionOf(place)
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, start + done)
  }
}

/** Reads what was written there; the inverse of writeSpill. Any thread. */
export function readSpill({ fd }: SpillFile, place: SpillPlace, piece: MemoryPiece): void {
  const bytes = bytesOf(piece)
  const start = positionOf(place)
  for (let done = 0; done < bytes.length;) {
    const count = readSync(fd, bytes, done, bytes.length - done, start + done)
    if (count === 0) throw new Error('the spill file is shorter than what was written to it')
    done += count
  }
}

function positionOf({ block, offset }: SpillPlace): number {
  return block * BLOCK_BYTES + offset
}

function bytesOf({ memory, address, sizeBytes }: MemoryPiece): Uint8Array<ArrayBufferLike> {
  return new Uint8Array(memory.buffer, address, sizeBytes)
}
