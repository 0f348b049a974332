// P14 and P7 from below: every SQL statement fails once, in the middle of whatever sends it. The answer is clean, nothing is
// half done, and a second attempt goes well. Here a part of them, another one for each version; all of them by
// `npm run chaos failures`.
import { describe, expect, test } from 'vitest'
import { version } from '../../src/platform/version.ts'
import { sweepAll } from './all.ts'

/** One in so many, which ones is decided by their names. */
const share = 6

describe('when a statement fails', () => {
  test('the answer is clean and nothing is half done', async () => {
    const found = await sweepAll({ only: (index) => index % share === version.length % share, each: 1 })
    expect(found.complaints).toEqual([])
    expect(found.fired).toBeGreaterThan(15)
    expect(found.unreached).toEqual([])
  }, 60_000)
})
