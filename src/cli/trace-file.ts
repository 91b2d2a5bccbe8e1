/** Reads and writes trace files. */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { Diagnostic } from '../base/diagnostic.js'
import { decodeTrace, encodeTrace } from '../trace/saved-trace.js'
import type { Trace } from '../trace/trace.js'

/** Larger files are refused before they are read. */
const TRACE_BYTES_MAX = 256 * 2 ** 20

function failed(file: string, verb: 'read' | 'write', error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException
  const why = code === 'ENOENT' ? 'no such file or folder' : (code ?? message)
  throw new Diagnostic('ZC201', `cannot ${verb} ${file}: ${why}`)
}

/** Makes sure that `file` can be written, without changing it. @throws Diagnostic ZC201 */
export function checkWritable(file: string): void {
  const isNew = !existsSync(file)
  try {
    closeSync(openSync(file, 'a'))
    if (isNew) unlinkSync(file)
  } catch (error) {
    failed(file, 'write', error)
  }
}

/** Saves a trace. @throws Diagnostic ZC201 */
export function writeTrace(file: string, trace: Trace): void {
  try {
    writeFileSync(file, encodeTrace(trace))
  } catch (error) {
    failed(file, 'write', error)
  }
}

/** Reads a saved trace. @throws Diagnostic ZC201, ZC204 */
export function readTrace(file: string): Trace {
  let text: string
  try {
    if (statSync(file).size > TRACE_BYTES_MAX)
      throw new Diagnostic('ZC204', `${file} is not a trace file: it is larger than 256 MiB`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Diagnostic) throw error
    failed(file, 'read', error)
  }
  return decodeTrace(text, file)
}
