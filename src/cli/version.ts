/** The version of this package. */

/** Replaced by the build with the version in package.json. */
declare const __ZAPCHECK_VERSION__: string

/** `1.2.3`; `0.0.0` when the sources run without a build. */
export const version: string =
  typeof __ZAPCHECK_VERSION__ === 'undefined' ? '0.0.0' : __ZAPCHECK_VERSION__
