/** Mistakes in the command line's words, as diagnostics that name the nearest valid word. */
import type { Command, CommanderError } from 'commander'
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'

/** What commander complains about, in our words. */
export function usageDiagnostic(error: CommanderError, command: Command): Diagnostic {
  const name = command.parent === null ? 'zapcheck' : `zapcheck ${command.name()}`
  const help = `'${name} --help' explains the command`
  const [, quoted = ''] = /'([^']*)'/.exec(error.message) ?? []
  switch (error.code) {
    case 'commander.unknownOption': {
      const [flag = ''] = quoted.split('=')
      return new Diagnostic('ZC101', `unknown flag '${flag}'`, {
        hint: `did you mean '${nearest(flag, flagsOf(command))}'?`,
      })
    }
    case 'commander.optionMissingArgument':
      return new Diagnostic('ZC101', `the flag '${quoted}' needs a value`, { hint: help })
    case 'commander.missingArgument':
      return new Diagnostic('ZC101', `${name} needs a <${quoted}>`, { hint: help })
    case 'commander.excessArguments':
      return new Diagnostic(
        'ZC101',
        `${name} takes ${command.registeredArguments.length === 0 ? 'no argument' : 'one argument'}, not '${command.args.join("' '")}'`,
        { hint: help },
      )
    default:
      return new Diagnostic('ZC101', error.message.replace(/^error: /, ''), { hint: help })
  }
}

/** For a first word that is no command. */
export function unknownCommand(word: string, commands: readonly string[]): Diagnostic {
  return new Diagnostic('ZC101', `unknown command '${word}'`, {
    hint: `did you mean '${nearest(word, commands)}'? a model is checked with 'zapcheck check ${word}'`,
  })
}

function flagsOf(command: Command): string[] {
  const own = command.options.flatMap(o => [o.long, o.short].filter(f => typeof f === 'string'))
  return [...own, '--help']
}
