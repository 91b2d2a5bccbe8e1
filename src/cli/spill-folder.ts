/** The folder of `--spill`. */
import { Diagnostic } from '../base/diagnostic.js'
import { closeSpillFile, openSpillFile } from '../store/spill-file.js'

/** Makes sure that a spill file can be made in `folder`. @throws Diagnostic ZC201 */
export function checkSpillFolder(folder: string): void {
  try {
    closeSpillFile(openSpillFile(folder))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'no such folder' : (code ?? message)
    throw new Diagnostic('ZC201', `cannot write a file in ${folder}: ${why}`)
  }
}
