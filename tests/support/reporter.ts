// Ends every run with one line that says how it went: `12 passed, 0 failed`, and what was skipped, if anything was.
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    process.once('exit', () => process.stdout.write(`${tally(modules, errors.length + (reason === 'interrupted' ? 1 : 0))}\n`))
  }
}

/** A file that cannot be loaded and an error outside every test each count as one failure. */
export function tally(modules: readonly Pick<TestModule, 'children' | 'errors'>[], strayErrors: number): string {
  const count = { passed: 0, failed: strayErrors, skipped: 0 }
  for (const module of modules) {
    count.failed += module.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') count.passed += 1
      else if (state === 'failed') count.failed += 1
      else count.skipped += 1
    }
  }
  return `${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}`
}
