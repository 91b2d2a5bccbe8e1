/**
 * Arrays of 16-byte entries that grow without moving: a directory of chunks, each a block of
 * 4096 entries, zero at first. There are two, the descriptors and the blocks of the level log.
 *
 *   entry i:   chunk = u32 at directory + (i / 4096) * 4,   at chunk + (i % 4096) * 16
 */
import {
  ENTRIES_PER_CHUNK,
  ENTRIES_PER_CHUNK_LOG2,
  ENTRY_BYTES,
} from '../../src/store/control-slots'
import { allocateChunk } from './memory'

/** Address of entry `index`, whose chunk must exist. Any worker that knows of the entry. */
export function entryAddress(directory: usize, index: u32): usize {
  const chunk: usize = load<u32>(directory + (index >> ENTRIES_PER_CHUNK_LOG2) * 4)
  return chunk + (index & (ENTRIES_PER_CHUNK - 1)) * ENTRY_BYTES
}

/** Address of entry `index`, whose chunk is made if it is the first there. Under the mutex. */
export function createEntry(directory: usize, index: u32): usize {
  const place: usize = directory + (index >> ENTRIES_PER_CHUNK_LOG2) * 4
  if (load<u32>(place) == 0) {
    const chunk = allocateChunk()
    if (chunk == 0) unreachable()
    store<u32>(place, chunk)
  }
  return entryAddress(directory, index)
}
