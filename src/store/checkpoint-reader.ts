/**
 * Reads checkpoints, and trusts nothing: a manifest counts only if its own checksum, its format
 * version and its form are right, and the rows only if they are, to the byte, those that the
 * manifest speaks of. What is not right is refused with a diagnostic. Main thread.
 */
import { createHash } from 'node:crypto'
import { read, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { Diagnostic } from '../base/diagnostic.js'
import {
  CHECKPOINT_FORMAT_VERSION,
  CHECKPOINT_MAGIC,
  manifestPath,
  type CheckpointManifest,
} from './checkpoint-manifest.js'
import {
  beginDigest,
  decodeLevelHead,
  LEVEL_HEAD_BYTES,
  NO_LEVELS_DIGEST,
  type LevelPlace,
} from './checkpoint-rows.js'

const readAt = promisify(read)
const CHUNK_BYTES = 2 ** 20

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const word = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,16}$/))
const candidate = v.strictObject({
  depth: count,
  state: v.pipe(v.array(word), v.minLength(1)),
  action: v.nullable(count),
})

const schema = v.strictObject({
  head: v.strictObject({ zapcheck: v.string(), identity: v.string(), command: v.unknown() }),
  cut: v.strictObject({
    depth: count,
    states: count,
    transitions: count,
    deadlocks: count,
    seconds: v.pipe(v.number(), v.minValue(0)),
    candidates: v.array(v.nullable(candidate)),
    fired: v.pipe(v.string(), v.base64()),
  }),
  rows: v.strictObject({
    sizeBytes: count,
    digest: sha256,
    strideWords: v.pipe(count, v.minValue(1), v.maxValue(8)),
  }),
})

/** The diagnostic for a checkpoint that is not as it was written. */
export function damaged(file: string, what: string): Diagnostic {
  return new Diagnostic('ZC207', `the checkpoint cannot be used: ${file}: ${what}`, {
    hint: 'it was damaged or altered; begin the check again',
  })
}

/**
 * The manifest in the text of its file.
 * @param file  the file's name, for messages
 * @throws Diagnostic ZC207 if it is not one, to the byte, that `encodeManifest` made
 */
export function decodeManifest(text: string, file: string): CheckpointManifest {
  const end = text.indexOf('\n')
  const [magic, version, digest, ...rest] = text.slice(0, Math.max(0, end)).split(' ')
  if (magic !== CHECKPOINT_MAGIC || rest.length > 0) throw damaged(file, 'it is no manifest')
  if (version !== String(CHECKPOINT_FORMAT_VERSION))
    throw damaged(file, `its format version is ${version}, not ${CHECKPOINT_FORMAT_VERSION}`)
  const body = text.slice(end + 1)
  if (createHash('sha256').update(body).digest('hex') !== digest)
    throw damaged(file, 'its checksum is wrong')
  const parsed = v.safeParse(schema, JSON.parse(body) as unknown, { abortEarly: true })
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw damaged(file, `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
  }
  return parsed.output
}

/** The manifest in `folder`; null if there is none. @throws Diagnostic ZC201, ZC207 */
export function readManifest(folder: string): CheckpointManifest | null {
  const file = manifestPath(folder)
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new Diagnostic('ZC201', `cannot read ${file}: ${code ?? message}`)
  }
  const text = bytes.toString('utf8')
  // Bytes that are no text decode to replacement characters: compare, so that none is overlooked.
  if (!Buffer.from(text).equals(bytes)) throw damaged(file, 'it is not text')
  return decodeManifest(text, file)
}

/**
 * Reads the valid part of the rows file and compares it with the manifest: each level, their depths
 * and their states in number. Returns where the levels lie, by depth.
 * @param fd  the open file
 * @param file  its name, for messages
 * @throws Diagnostic ZC207 at the first difference; the system's error if it cannot be read
 */
export async function verifyRows(
  fd: number,
  file: string,
  { rows, cut }: Pick<CheckpointManifest, 'rows' | 'cut'>,
): Promise<LevelPlace[]> {
  const chunk = Buffer.alloc(CHUNK_BYTES)
  const readExactly = async (position: number, sizeBytes: number): Promise<Buffer> => {
    const { bytesRead } = await readAt(fd, chunk, 0, sizeBytes, position)
    if (bytesRead === 0) throw damaged(file, 'it is shorter than the manifest says')
    return chunk.subarray(0, bytesRead)
  }
  const levels: LevelPlace[] = []
  let states = 0
  let digest = NO_LEVELS_DIGEST
  for (let position = 0; position < rows.sizeBytes;) {
    const bytes = await readExactly(position, LEVEL_HEAD_BYTES)
    if (bytes.length < LEVEL_HEAD_BYTES) throw damaged(file, 'it ends in the head of a level')
    const head = Buffer.from(bytes)
    const { rowCount, depth, strideWords } = decodeLevelHead(head)
    const offset = position + LEVEL_HEAD_BYTES
    const end = offset + rowCount * 8 * rows.strideWords
    const isPossible = rowCount > 0 && depth === levels.length && strideWords === rows.strideWords
    if (!isPossible || end > rows.sizeBytes) throw damaged(file, `level ${levels.length} is wrong`)
    const hash = beginDigest(digest)
    for (let at = offset; at < end;) {
      const part = await readExactly(at, Math.min(CHUNK_BYTES, end - at))
      hash.update(part)
      at += part.length
    }
    digest = hash.update(head).digest('hex')
    levels.push({ offset, rowCount })
    states += rowCount
    position = end
  }
  if (digest !== rows.digest) throw damaged(file, 'its checksum is wrong')
  if (states !== cut.states || levels.length !== cut.depth + 1)
    throw damaged(file, 'it has not the states that the manifest speaks of')
  return levels
}
