import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // Only against what hangs: the machine may be slow and shared.
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
