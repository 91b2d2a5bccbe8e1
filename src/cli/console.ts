/**
 * The terminal: two streams, colors where they are wanted, one progress line that is overwritten.
 * With `--json` all text for people goes to stderr, and stdout holds the object alone.
 */
import { writeSync } from 'node:fs'
import { colored, plain } from '../trace/printable.js'
import type { Paint } from '../trace/printable.js'

/** Flags that every command has for its output. */
export interface OutputFlags {
  readonly json?: boolean
  readonly quiet?: boolean
  /** False with `--no-color`. */
  readonly color?: boolean
}

/** Where the terminal does not say. */
const WIDTH_DEFAULT = 100

/** What a command prints to. */
export class Console {
  private hasProgress = false

  constructor(private readonly flags: OutputFlags) {}

  /** The stream for people. */
  private get stream(): NodeJS.WriteStream {
    return this.flags.json === true ? process.stderr : process.stdout
  }

  /** Styles for the text for people. */
  get paint(): Paint {
    return wantsColor(this.stream, this.flags) ? colored : plain
  }

  /** Columns for the text for people. */
  get width(): number {
    return (this.stream.isTTY && this.stream.columns) || WIDTH_DEFAULT
  }

  /** True if a progress line can be shown. */
  get showsProgress(): boolean {
    return this.flags.quiet !== true && process.stderr.isTTY
  }

  /** Text for people; nothing with `--quiet`. */
  print(text: string): void {
    this.clearProgress()
    if (this.flags.quiet !== true) this.stream.write(text)
  }

  /** A remark that is no result, on stderr; nothing with `--quiet`. */
  note(text: string): void {
    this.clearProgress()
    if (this.flags.quiet !== true) process.stderr.write(`${text}\n`)
  }

  /** The one object of `--json`; nothing without. */
  printJson(value: unknown): void {
    if (this.flags.json === true) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** Replaces the progress line. `render` gets the room there is. */
  progress(render: (width: number) => string): void {
    if (!this.showsProgress) return
    this.hasProgress = true
    process.stderr.write(`\r\u001b[K${render((process.stderr.columns || WIDTH_DEFAULT) - 1)}`)
  }

  /** Removes the progress line. */
  clearProgress(): void {
    if (this.hasProgress) process.stderr.write('\r\u001b[K')
    this.hasProgress = false
  }
}

/** NO_COLOR and FORCE_COLOR as everywhere; else colors on terminals only. */
function wantsColor(stream: NodeJS.WriteStream, flags: OutputFlags): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (flags.color === false || (NO_COLOR !== undefined && NO_COLOR !== '')) return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return stream.isTTY && TERM !== 'dumb'
}

/** Lets a reader such as `head` close its end early: the rest is dropped, the exit code stays. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
}

/** Writes one line to stderr, also when the process is about to end. */
export function printError(line: string): void {
  try {
    writeSync(2, `${line}\n`)
  } catch {
    // Nobody reads it; the exit code still tells.
  }
}
