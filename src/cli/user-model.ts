/**
 * Loads a user's own model file. esbuild bundles it with whatever it imports; `zapcheck` and
 * `zapcheck/properties` mean this very package, so that the file may lie anywhere. The bundle is
 * written to a temporary file, imported and removed; its source map leads back to the author's
 * lines.
 */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { BuildFailure, Message, Plugin } from 'esbuild'
import { Diagnostic } from '../base/diagnostic.js'
import { builtFiles } from '../explore/worker-url.js'
import type { ModelDefinition } from '../lang/definition.js'
import { authorPlace } from '../lang/site.js'
import { asDiagnostic } from './failure.js'

/** Which other files a model file may be loaded through, for safety. */
export interface LoadOptions {
  /**
   * Refuse, without running it, a file that does not import zapcheck. For paths that the user did
   * not type: a trace file must not be able to have any script of this machine run.
   */
  readonly mustImportZapcheck?: boolean
}

/** Loads the model that `file` exports by default. @throws Diagnostic ZC201, ZC202, ZC203 */
export async function loadUserModel(
  file: string,
  options: LoadOptions = {},
): Promise<ModelDefinition> {
  await checkReadable(file)
  const folder = await mkdtemp(join(realpathSync(tmpdir()), 'zapcheck-'))
  try {
    const bundle = await bundleModel(file, join(folder, 'model.mjs'))
    if (options.mustImportZapcheck === true && !bundle.importsZapcheck)
      throw notAModel(file, 'it does not import zapcheck')
    await writeFile(join(folder, 'model.mjs'), bundle.code)
    return exportedModel(await importBundle(join(folder, 'model.mjs'), file), file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function checkReadable(file: string): Promise<void> {
  const refuse = (why: string): never => {
    throw new Diagnostic('ZC201', `cannot read the model file ${file}: ${why}`)
  }
  if (!existsSync(file)) refuse('it does not exist')
  if (!statSync(file).isFile()) refuse('it is not a file')
  await readFile(file).catch((error: NodeJS.ErrnoException) => refuse(error.code ?? error.message))
}

/** A bundled model. */
interface Bundle {
  readonly code: string
  readonly importsZapcheck: boolean
}

async function bundleModel(file: string, outfile: string): Promise<Bundle> {
  let importsZapcheck = false
  const zapcheck: Plugin = {
    name: 'zapcheck',
    setup({ onResolve }) {
      onResolve({ filter: /^zapcheck(\/properties)?$/ }, ({ path }) => {
        importsZapcheck = true
        return { path: packageEntry(path), external: true }
      })
    },
  }
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      outfile,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      sourcesContent: false,
      logLevel: 'silent',
      plugins: [zapcheck],
      // CommonJS packages inside the bundle look for Node's own modules with `require`.
      banner: {
        js: `import { createRequire as zapcheckCreateRequire } from 'node:module'; const require = zapcheckCreateRequire(${JSON.stringify(pathToFileURL(file).href)});`,
      },
    })
    return { code: outputFiles[0]?.text ?? '', importsZapcheck }
  } catch (error) {
    throw doesNotCompile(error, file)
  }
}

/** The built entry of this package for an import of `zapcheck` or `zapcheck/properties`. */
function packageEntry(specifier: string): string {
  const dist = dirname(dirname(builtFiles().worker))
  const name = specifier === 'zapcheck' ? 'index.js' : 'properties.js'
  return pathToFileURL(join(dist, name)).href
}

function doesNotCompile(error: unknown, file: string): unknown {
  const [first] = (error as Partial<BuildFailure>).errors ?? []
  if (first === undefined) return error
  return new Diagnostic('ZC203', `${file} does not compile: ${first.text}`, {
    place: placeOf(first, file),
  })
}

function placeOf({ location }: Message, file: string): Diagnostic['place'] {
  if (location === null) return undefined
  const { line, column } = location
  return { file: resolve(dirname(file), location.file), line, column: column + 1 }
}

/** Runs the bundle. What the model prints goes to stderr: stdout is for results. */
async function importBundle(bundle: string, file: string): Promise<object> {
  process.setSourceMapsEnabled(true)
  console.log = console.info = console.debug = console.error
  try {
    return (await import(pathToFileURL(bundle).href)) as object
  } catch (error) {
    throw thrownByModel(error, file, 'while it is loaded')
  }
}

/** The diagnostic for anything that the author's code throws. */
export function thrownByModel(error: unknown, file: string, when: string): Diagnostic {
  const place = error instanceof Error ? authorPlace(error) : undefined
  const diagnostic = asDiagnostic(error)
  if (diagnostic !== undefined) {
    const { code, message, hint } = diagnostic
    return new Diagnostic(code, message, { place: diagnostic.place ?? place, hint })
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new Diagnostic('ZC203', `${file} throws ${when}: ${text}`, { place })
}

function exportedModel(module: object, file: string): ModelDefinition {
  const value: unknown = 'default' in module ? module.default : undefined
  if (isDefinition(value)) return value
  if (value !== undefined) throw notAModel(file, 'its default export is not a model')
  const named = Object.entries(module).find(([, member]) => isDefinition(member))
  if (named === undefined) throw notAModel(file, 'it exports nothing by default')
  throw notAModel(file, `it exports the model as '${named[0]}', not by default`)
}

function notAModel(file: string, why: string): Diagnostic {
  return new Diagnostic('ZC202', `${file} is not a model: ${why}`, {
    hint: "a model file says: export default defineModel({ ... }), imported from 'zapcheck'",
  })
}

/** True for what `defineModel` returns, also that of another copy of the package. */
function isDefinition(value: unknown): value is ModelDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    'zapcheckModel' in value &&
    value.zapcheckModel === 1 &&
    'instantiate' in value &&
    typeof value.instantiate === 'function'
  )
}
