/**
 * The manifest of a checkpoint: a small file that says up to where the rows file beside it is
 * valid, and what had been counted when its last level was complete. Two lines of text:
 *
 *   zapcheck-checkpoint <format version> <sha-256 of the next line, hexadecimal>
 *   {"head": ..., "cut": ..., "rows": ...}
 *
 * It is replaced as a whole: written beside, brought to the disk, renamed, and the folder brought
 * to the disk. So at any moment there is one valid manifest, and the rows that it speaks of were
 * on the disk before it. Reading is in `checkpoint-reader.ts`. Any thread.
 */
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Version of the form of both files; another one is refused. */
export const CHECKPOINT_FORMAT_VERSION = 1
/** First word of a manifest. */
export const CHECKPOINT_MAGIC = 'zapcheck-checkpoint'

/** Which run a checkpoint is of. The store only keeps it. */
export interface CheckpointHead {
  /** Version of zapcheck. */
  readonly zapcheck: string
  /** Hash of the compiled model and of all that decides what is counted. */
  readonly identity: string
  /** How the run was asked for, to be asked for again: any JSON. */
  readonly command: unknown
}

/** The least candidate of a property. */
export interface CutCandidate {
  /** As in a result: length of the shortest trace. */
  readonly depth: number
  /** Words of the packed state, hexadecimal. */
  readonly state: readonly string[]
  readonly action: number | null
}

/** What had been counted when all levels above `depth` were expanded, and that at `depth` not. */
export interface Cut {
  readonly depth: number
  /** States down to this depth, the frontier included. */
  readonly states: number
  readonly transitions: number
  readonly deadlocks: number
  /** How long the run had taken, with the runs that it went on from. */
  readonly seconds: number
  /** By property. */
  readonly candidates: readonly (CutCandidate | null)[]
  /** What actions fired, as the compiled model keeps it; base64. */
  readonly fired: string
}

/** The valid part of the rows file, and what it has to be. */
export interface RowsExtent {
  readonly sizeBytes: number
  /** Chained sha-256 of its levels, hexadecimal (`checkpoint-rows.ts`). */
  readonly digest: string
  /** 64-bit words of a state. */
  readonly strideWords: number
}

/** A manifest. */
export interface CheckpointManifest {
  readonly head: CheckpointHead
  readonly cut: Cut
  readonly rows: RowsExtent
}

/** Path of the manifest in a checkpoint's folder. */
export function manifestPath(folder: string): string {
  return join(folder, 'zapcheck.checkpoint')
}

/** Path of the rows file in a checkpoint's folder. */
export function rowsPath(folder: string): string {
  return join(folder, 'zapcheck.rows')
}

/** The manifest as the text of its file; `decodeManifest` is the inverse. */
export function encodeManifest(manifest: CheckpointManifest): string {
  const body = `${JSON.stringify(manifest)}\n`
  const digest = createHash('sha256').update(body).digest('hex')
  return `${CHECKPOINT_MAGIC} ${CHECKPOINT_FORMAT_VERSION} ${digest}\n${body}`
}

/**
 * Replaces the manifest in `folder`. Throws the system's error; the manifest is then the one before
 * or, if only the last step failed, the new one.
 */
export function replaceManifest(folder: string, manifest: CheckpointManifest): void {
  const path = manifestPath(folder)
  const fresh = `${path}.new`
  withFile(fresh, 'w', fd => {
    writeFileSync(fd, encodeManifest(manifest))
    fsyncSync(fd)
  })
  renameSync(fresh, path)
  withFile(folder, 'r', fsyncSync)
}

function withFile(path: string, flags: string, use: (fd: number) => void): void {
  const fd = openSync(path, flags)
  try {
    use(fd)
  } finally {
    closeSync(fd)
  }
}
