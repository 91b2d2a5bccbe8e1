/**
 * Rows that a growth has set aside: mixed values, 64 bits each, in a chain of blocks. Each worker
 * has its own, and keeps the blocks for the next growth.
 *
 *   block:   next block u32, -, values
 *
 * Most rows of a piece get their slots when the piece is done. Those wait in a block of their own.
 */
import { BLOCK_BYTES } from '../../src/store/control-slots'
import { allocateNeededBlock, lock, unlock } from './memory'

/** Bytes of a block before its values. */
const HEAD_BYTES: usize = 8

let firstBlock: usize = 0
/** Where the next value is written, and the block of that place. */
let writeBlock: usize = 0
let writePlace: usize = 0
/** Where the next value is read, and where reading ends. */
let readBlock: usize = 0
let readPlace: usize = 0
let readEnd: usize = 0

/** A new block. Without memory for it rows would be lost. */
function makeBlock(): usize {
  lock()
  const made = allocateNeededBlock()
  unlock()
  if (made == 0) unreachable()
  return made
}

/** The block after `block`, made if there is none. */
function blockAfter(block: usize): usize {
  const known: usize = block == 0 ? firstBlock : load<u32>(block)
  if (known != 0) return known
  const made = makeBlock()
  store<u32>(made, 0)
  if (block == 0) firstBlock = made
  else store<u32>(block, <u32>made)
  return made
}

/** The rows of the piece at hand that wait, and the block for them. */
export let pieceStart: usize = 0
export let pieceEnd: usize = 0
let pieceBlock: usize = 0

/** Begins a piece. */
export function beginPiece(): void {
  if (pieceBlock == 0) pieceBlock = makeBlock()
  pieceStart = pieceBlock
  pieceEnd = pieceBlock
}

/** Sets a row aside until its piece is done, or for longer if too many wait. */
export function setAsideInPiece(mixed: u64): void {
  if (pieceEnd == pieceBlock + BLOCK_BYTES) {
    setAside(mixed)
    return
  }
  store<u64>(pieceEnd, mixed)
  pieceEnd += 8
}

/** Sets a row aside. */
export function setAside(mixed: u64): void {
  if (writePlace == writeBlock + (writeBlock == 0 ? 0 : BLOCK_BYTES)) {
    writeBlock = blockAfter(writeBlock)
    writePlace = writeBlock + HEAD_BYTES
  }
  store<u64>(writePlace, mixed)
  writePlace += 8
}

/**
 * Begins to take all rows out. Rows that are set aside meanwhile, at most one for each that is
 * taken, go to the places of those.
 */
export function beginTaking(): void {
  readEnd = writePlace
  readBlock = firstBlock
  readPlace = firstBlock + HEAD_BYTES
  writeBlock = firstBlock
  writePlace = firstBlock + HEAD_BYTES
  if (firstBlock == 0) {
    readEnd = readPlace
    writePlace = 0
  }
}

/** True while there is a row to take. */
export function hasMore(): bool {
  return readPlace != readEnd
}

/** Takes a row out. */
export function takeRow(): u64 {
  if (readPlace == readBlock + BLOCK_BYTES) {
    readBlock = load<u32>(readBlock)
    readPlace = readBlock + HEAD_BYTES
  }
  const mixed = load<u64>(readPlace)
  readPlace += 8
  return mixed
}
