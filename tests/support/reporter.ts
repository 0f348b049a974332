// Counts a run in one line, `12 passed, 0 failed`, with what was skipped, if anything was. scripts/test.ts prints it
// as the very last; a run by vitest alone prints it here.
import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const line = tally(modules, errors.length + (reason === 'interrupted' ? 1 : 0))
    const file = process.env.PATCHBAY_TALLY
    if (file) writeFileSync(file, `${line}\n`)
    else process.once('exit', () => process.stdout.write(`${line}\n`))
  }
}

interface Counted {
  errors(): readonly unknown[]
  readonly children: {
    allTests(): Iterable<{ result(): { readonly state: string } }>
    allSuites(): Iterable<{ errors(): readonly unknown[] }>
  }
}

/** A file that cannot be loaded, a group that cannot be prepared and an error outside every test each count as one failure. */
export function tally(modules: readonly Counted[], strayErrors: number): string {
  const count = { passed: 0, failed: strayErrors, skipped: 0 }
  for (const module of modules) {
    count.failed += module.errors().length
    for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') count.passed += 1
      else if (state === 'failed') count.failed += 1
      else count.skipped += 1
    }
  }
  return `${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}`
}
