/**
 * Commands, flags and their help. What a command does is loaded when it runs: `list` does not pay
 * for the explorer, nor `check` for esbuild.
 */
import { Command, CommanderError } from 'commander'
import { Diagnostic } from '../base/diagnostic.js'
import type { BugsFlags } from './bugs-command.js'
import type { CheckFlags } from './check-command.js'
import type { ClaimsFlags } from './claims-command.js'
import type { OutputFlags } from './console.js'
import type { InfoFlags } from './info-command.js'
import type { ResumeFlags } from './resume-command.js'
import { isSampling, refuseCombinations } from './sampling-flags.js'
import type { ShowFlags } from './show-command.js'
import { unknownCommand, usageDiagnostic } from './usage.js'
import { parseCount, parseMemory, parseReduction, parseSearch, parseTime } from './values.js'
import { version } from './version.js'

const WORKERS_MAX = 256
const COUNT_MAX = Number.MAX_SAFE_INTEGER
const WALKS_MAX = 1e11

/** Runs the command line without its first two words; returns the exit code. @throws Diagnostic */
export async function runProgram(words: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = createProgram(code => {
    exitCode = code
  })
  try {
    await program.parseAsync(withCommand(words, program), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode
  }
  return exitCode
}

/** The suite is what `zapcheck` alone does, and `zapcheck --json`. */
function withCommand(words: readonly string[], program: Command): string[] {
  const [first] = words
  const own = ['-h', '--help', '-V', '--version']
  if (first === undefined) return ['check']
  if (first.startsWith('-')) return own.includes(first) ? [...words] : ['check', ...words]
  const commands = [...program.commands.map(c => c.name()), 'help']
  if (!commands.includes(first)) throw unknownCommand(first, commands)
  return [...words]
}

type SetExitCode = (code: number) => void

function createProgram(setExitCode: SetExitCode): Command {
  const program = prepared(new Command('zapcheck'))
  program
    .description(
      'Checks every interleaving of models of the code that manages confidential VM memory.\n' +
        'Without a command: checks every built-in model against its expected verdicts.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', PROGRAM_HELP)
  addCheck(program, setExitCode)
  addResume(program, setExitCode)
  addOthers(program, setExitCode)
  return program
}

/** Mistakes become diagnostics; commander itself prints only help and version. */
function prepared(command: Command): Command {
  return command
    .exitOverride(error => {
      throw error.exitCode === 0 ? error : usageDiagnostic(error, command)
    })
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
    .helpOption('-h, --help', 'print this help')
}

function addCheck(program: Command, setExitCode: SetExitCode): void {
  prepared(program.command('check [model]'))
    .description('check a model, or all built-in models against their expected verdicts')
    .option('-p, --param <name=value>', 'set a parameter of the model; repeatable', collect)
    .option('--variant <name>', 'take the parameters of a variant; compare with its expectation')
    .option('--property <name>', 'check only this property; repeatable', collect)
    .option(
      '--workers <n>',
      'threads (default: all cores)',
      parseCount('--workers', 1, WORKERS_MAX),
    )
    .option('--memory <size>', 'end when this much is used, e.g. 512MiB', parseMemory('--memory'))
    .option('--spill <folder>', 'where states go that memory has no room for (default: temporary)')
    .option('--time <duration>', 'end after this time, e.g. 30s or 10m', parseTime('--time'))
    .option(
      '--max-states <n>',
      'end when more states were found',
      parseCount('--max-states', 1, COUNT_MAX),
    )
    .option('--max-depth <n>', 'do not go deeper', parseCount('--max-depth', 0, 2 ** 31 - 2))
    .option(
      '--reduce <what>',
      'none, symmetry, por or all (default: what the model says)',
      parseReduction,
    )
    .option('--lossy', 'when memory runs out, go on and omit some states; see docs/limits.md')
    .option('--keep-going', 'explore the whole space although a property is violated')
    .option('--coverage', 'count actions, see whether properties were put to the test')
    .option('--checkpoint <folder>', "save the run there, for 'zapcheck resume <folder>'")
    .option('--every <duration>', 'time between checkpoints (default: 5m)', parseTime('--every'))
    .option('--trace <file>', 'save the trace of a violation as JSON')
    .option('--full', 'show whole states in traces')
    .option('--json', 'print one JSON object on stdout; text goes to stderr')
    .option('--quiet', 'print no text; the exit code tells')
    .option('--no-color', 'no colors')
    .option('--search <how>', 'breadth (all states, the default) or random (walks)', parseSearch)
    .option('--swarm', 'many small lossy searches, for --time (default: 1m)')
    .option(
      '--walks <n>',
      'with --search random: end after so many',
      parseCount('--walks', 1, WALKS_MAX),
    )
    .option(
      '--seed <n>',
      'seed of --search random and --swarm (default: 0)',
      parseCount('--seed', 0, COUNT_MAX),
    )
    .addHelpText('after', CHECK_HELP)
    .action(async (model: string | undefined, flags: CheckFlags) => {
      if (model === undefined) {
        refuseModelFlags(flags)
        const { suiteCommand } = await import('./suite-command.js')
        setExitCode(await suiteCommand(flags))
      } else {
        setExitCode(await checkModel(model, flags))
      }
    })
}

/** Exhausts one model, or samples it. */
async function checkModel(model: string, flags: CheckFlags): Promise<number> {
  refuseCombinations(flags)
  if (isSampling(flags)) {
    const { samplingCommand } = await import('./sampling-command.js')
    return samplingCommand(model, flags)
  }
  const { withThreads } = await import('./with-threads.js')
  return withThreads(flags, async threads => {
    const { checkCommand } = await import('./check-command.js')
    return checkCommand(model, flags, threads)
  })
}

/** The suite takes its parameters and properties from the models. */
function refuseModelFlags(flags: CheckFlags): void {
  const { param, property, variant, maxStates, maxDepth, spill, trace, full } = flags
  const given = {
    '-p': param !== undefined,
    '--property': property !== undefined,
    '--variant': variant !== undefined,
    '--max-states': maxStates !== undefined,
    '--max-depth': maxDepth !== undefined,
    '--spill': spill !== undefined,
    '--trace': trace !== undefined,
    '--full': full !== undefined,
    '--keep-going': flags.keepGoing !== undefined,
    '--lossy': flags.lossy !== undefined,
    '--reduce': flags.reduce !== undefined,
    '--coverage': flags.coverage !== undefined,
    '--search': flags.search !== undefined,
    '--swarm': flags.swarm !== undefined,
    '--walks': flags.walks !== undefined,
    '--checkpoint': flags.checkpoint !== undefined,
    '--every': flags.every !== undefined,
  }
  for (const [flag, isGiven] of Object.entries(given))
    if (isGiven)
      throw new Diagnostic('ZC101', `${flag} needs a model`, {
        hint: "write 'zapcheck check <model>'; 'zapcheck list' shows the models",
      })
}

/** The command that goes on from a checkpoint. */
function addResume(program: Command, setExitCode: SetExitCode): void {
  prepared(program.command('resume <folder>'))
    .description('go on with a check from its last checkpoint')
    .option(
      '--workers <n>',
      'threads (default: all cores)',
      parseCount('--workers', 1, WORKERS_MAX),
    )
    .option('--memory <size>', 'end when this much is used, e.g. 512MiB', parseMemory('--memory'))
    .option('--spill <folder>', 'where states go that memory has no room for (default: temporary)')
    .option('--time <duration>', 'end after this time, e.g. 30s or 10m', parseTime('--time'))
    .option(
      '--max-states <n>',
      'end when more states were found (default: as before)',
      parseCount('--max-states', 1, COUNT_MAX),
    )
    .option(
      '--max-depth <n>',
      'do not go deeper (default: as before)',
      parseCount('--max-depth', 0, 2 ** 31 - 2),
    )
    .option(
      '--every <duration>',
      'time between checkpoints (default: as before)',
      parseTime('--every'),
    )
    .option('--trace <file>', 'save the trace of a violation as JSON')
    .option('--full', 'show whole states in traces')
    .option('--json', 'print one JSON object on stdout; text goes to stderr')
    .option('--quiet', 'print no text; the exit code tells')
    .option('--no-color', 'no colors')
    .addHelpText('after', RESUME_HELP)
    .action(async (folder: string, flags: ResumeFlags) => {
      const { resumeCommand } = await import('./resume-command.js')
      setExitCode(await resumeCommand(folder, flags))
    })
}

function addOthers(program: Command, setExitCode: SetExitCode): void {
  prepared(program.command('list'))
    .description('list the built-in models')
    .option('--json', 'print one JSON array on stdout')
    .option('--no-color', 'no colors')
    .addHelpText('after', '\nExamples:\n  zapcheck list\n  zapcheck list --json')
    .action(async (flags: OutputFlags) => {
      const { listCommand } = await import('./list-command.js')
      setExitCode(await listCommand(flags))
    })
  prepared(program.command('info <model>'))
    .description('show parameters, properties, variants, sources and size of a model')
    .option('-p, --param <name=value>', 'set a parameter of the model; repeatable', collect)
    .option('--json', 'print one JSON object on stdout')
    .option('--no-color', 'no colors')
    .addHelpText('after', '\nExamples:\n  zapcheck info sept-zap\n  zapcheck info ./my-model.ts')
    .action(async (model: string, flags: InfoFlags) => {
      const { infoCommand } = await import('./info-command.js')
      setExitCode(await infoCommand(model, flags))
    })
  addLedgers(program, setExitCode)
  prepared(program.command('show <trace>'))
    .description('show a saved trace; replay it first if its model is there')
    .option('--full', 'show whole states')
    .option('--no-replay', 'do not replay it')
    .option('--no-color', 'no colors')
    .addHelpText(
      'after',
      '\nExamples:\n  zapcheck show trace.json\n  zapcheck show trace.json --full',
    )
    .action(async (file: string, flags: ShowFlags) => {
      const { showCommand } = await import('./show-command.js')
      setExitCode(await showCommand(file, flags))
    })
}

/** The commands over the ledgers of claims and of bugs. */
function addLedgers(program: Command, setExitCode: SetExitCode): void {
  const withLimits = (command: Command): Command =>
    prepared(command)
      .option('--id <id>', 'only this one; repeatable', collect)
      .option(
        '--workers <n>',
        'threads (default: all cores)',
        parseCount('--workers', 1, WORKERS_MAX),
      )
      .option('--memory <size>', 'for all threads together, e.g. 2GiB', parseMemory('--memory'))
      .option('--time <duration>', 'end after this time, e.g. 30s', parseTime('--time'))
      .option('--json', 'print one JSON object on stdout; text goes to stderr')
      .option('--markdown', 'print the page of the documentation')
      .option('--quiet', 'print no text; the exit code tells')
      .option('--no-color', 'no colors')
  withLimits(program.command('claims'))
    .description('decide the claims of the discussions by checking the variants they rest on')
    .option('--seed <seed>', "only claims of this seed, e.g. '002'")
    .addHelpText('after', CLAIMS_HELP)
    .action(async (flags: ClaimsFlags) => {
      const { claimsCommand } = await import('./claims-command.js')
      setExitCode(await claimsCommand(flags))
    })
  withLimits(program.command('bugs'))
    .description("reproduce bugs of the kernel's history, and check that their fixes fix them")
    .addHelpText('after', BUGS_HELP)
    .action(async (flags: BugsFlags) => {
      const { bugsCommand } = await import('./bugs-command.js')
      setExitCode(await bugsCommand(flags))
    })
}

function collect(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value]
}

const PROGRAM_HELP = `
Examples:
  zapcheck                                  check everything, print the verdict table
  zapcheck check sept-zap                   one model at its default scope
  zapcheck check sept-zap -p track=false    with the seeded bug: a counterexample
  zapcheck check ./my-model.ts              a model of your own
  zapcheck claims                           what the discussions claim, decided
  zapcheck bugs                             bugs of history, reproduced

Exit codes:
  0 holds  1 violated  2 wrong usage or model  3 incomplete  70 internal error  130 interrupted`

const RESUME_HELP = `
<folder> is one that 'zapcheck check <model> --checkpoint <folder>' has written to. Model, parameters,
properties and reduction are those of that check; counts and verdict are as if it had not ended.

Examples:
  zapcheck check sept-zap -p vcpus=4 -p gfns=4 --checkpoint run1 --time 8h
  zapcheck resume run1
  zapcheck resume run1 --memory 24GiB --workers 8

Exit codes: as of 'zapcheck check'`

const CLAIMS_HELP = `
A claim is confirmed if every case comes out as it predicts, refuted if none does, and depends on
what distinguishes the cases else.

Examples:
  zapcheck claims
  zapcheck claims --seed 002
  zapcheck claims --id 000-07 --json

Exit codes:
  0 all verdicts are as the ledger says  1 one is not  3 a limit was reached first`

const BUGS_HELP = `
Each bug is two variants of a model: with the bug the property is violated, by a counterexample that
follows the known interleaving; with the fix it holds in every reachable state.

Examples:
  zapcheck bugs
  zapcheck bugs --id T4

Exit codes:
  0 all are reproduced, or wait for a temporal property  1 one is not  3 a limit was reached first`

const CHECK_HELP = `
<model> is a name from 'zapcheck list', or the path of your own .ts or .js file.

Examples:
  zapcheck check
  zapcheck check sept-zap -p vcpus=3 -p gfns=3 --time 10m --memory 2GiB
  zapcheck check sept-zap --variant notrack --trace trace.json
  zapcheck check ./my-model.ts --property 'no stale translation' --json
  zapcheck check sept-zap -p vcpus=4 -p gfns=5 --search random --seed 1 --time 1m

Exit codes:
  0  every checked property holds, and every reachable state was explored
  1  a property is violated, or something differs from what is expected
  2  wrong usage, model or file
  3  incomplete: a limit was reached first, and nothing was violated so far
  70 internal error    130 interrupted`
