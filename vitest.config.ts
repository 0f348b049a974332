import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'

type Files = Parameters<BaseSequencer['sort']>[0]

/** What starts processes takes longest and begins first: else the run ends with one long file and idle processors. */
class LongestFirst extends BaseSequencer {
  override async sort(files: Files): Promise<Files> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: Files[number]) => /\/tests\/(?!corpus|borders)/.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'sandbox/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    reporters: ['default', './tests/support/reporter.ts'],
    // A busy machine is slow, not wrong: what must be quick says so in its test. In CI a second try is named in the output.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } },
    retry: process.env.CI ? 1 : 0,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    maxWorkers: 3, // a third of the time a test waits for a process or for PostgreSQL
    // Files share a process and the modules it has loaded: nothing is kept in module variables that a second file could trip over.
    isolate: false,
    passWithNoTests: false,
  },
})
