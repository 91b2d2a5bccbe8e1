/** The command `zapcheck`: runs the command line, turns every outcome into an exit code. */
import { tolerateClosedPipes } from './console.js'
import { reportFailure } from './failure.js'
import { runProgram } from './program.js'

tolerateClosedPipes()
process.on('uncaughtException', error => {
  process.exit(reportFailure(error))
})
try {
  process.exitCode = await runProgram(process.argv.slice(2))
} catch (error) {
  process.exitCode = reportFailure(error)
}
