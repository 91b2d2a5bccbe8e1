/**
 * How the tests run: in Node, against the sources for everything in the main thread and against
 * `dist` for workers and the command; `build.mjs` brings `dist` up to date first.
 * `*.test-d.ts` files test types only: `tsc` reads them, nothing runs them.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const fromRoot = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^zapcheck$/, replacement: fromRoot('./src/index.ts') },
      { find: /^zapcheck\/properties$/, replacement: fromRoot('./properties/index.ts') },
    ],
  },
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: ['./build.mjs'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    pool: 'forks',
    maxWorkers: 2,
    typecheck: {
      enabled: true,
      checker: 'tsc',
      include: ['test/**/*.test-d.ts'],
      tsconfig: './tsconfig.json',
      // Mistakes in the sources are the type check's to report, with `npm run typecheck`.
      ignoreSourceErrors: true,
    },
  },
})
