import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/property-setup.ts'],
    // Many tests wait more than they work: for a second server, a timeout, a terminal.
    maxWorkers: availableParallelism() + 1,
    // A worker loads what its files share once: it took a quarter of all CPU.
    isolate: false,
    // Only against what hangs: the machine may be slow and shared.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    coverage: {
      include: ['src/**/*.ts'],
      exclude: ['src/scan/**'],
      reporter: ['text-summary', 'html'],
    },
    expect: { poll: { timeout: 30_000 } },
  },
})
