// Every SQL statement fails, in every scenario that sends it, each time with another error: the whole of what
// tests/failures tries a part of.
import { describe, expect, test } from 'vitest'
import { sweepAll } from '../failures/all.ts'
import { whoAsks } from '../failures/outside.ts'
import { openStoreGround, whenAway } from '../failures/store.ts'
import { effort } from '../support/effort.ts'

const each = effort({ full: 1_000, short: 2, taste: 0 })

describe.skipIf(each === 0)('every statement that fails', () => {
  test(
    'leaves a clean answer, nothing half done, and a way to try again',
    async () => {
      const { complaints, fired, unreached, spared } = await sweepAll({ only: () => true, each })
      expect(complaints).toEqual([])
      expect(unreached).toEqual([])
      expect(spared.length).toBeLessThan(fired / 5)
      expect(fired).toBeGreaterThan(100)
    },
    30 * 60_000,
  )
})

test.skipIf(each === 0)('whoever asks the store of files is known, and tried while it is away', async () => {
  const outside = await openStoreGround()
  const asking = await whoAsks(outside, outside.scenarios)
  expect(asking.map(({ name }) => name)).toEqual(Object.keys(whenAway))
  await outside.close()
})
