import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openAllowance } from './allowance.ts'

const [most, turnMs] = [64, 12]
const busy = { ownMs: 100, turnedAway: 30 }

test('is all there may be while nobody is turned away, however long a turn takes', () => {
  const few = openAllowance({ most, turnMs })
  for (let turn = 0; turn < 50; turn++) few.measure({ ownMs: 500, turnedAway: 0 })
  expect(few.count()).toBe(most)
})

test('stays where turns are short, or long for others’ work alone', () => {
  const few = openAllowance({ most, turnMs })
  for (let turn = 0; turn < 50; turn++) few.measure({ ownMs: turnMs, turnedAway: 300 })
  expect(few.count()).toBe(most)
})

test('falls in proportion where a turn is too long in a flood, but a few are always let in', () => {
  const few = openAllowance({ most, turnMs })
  few.measure({ ownMs: 2 * turnMs, turnedAway: 1 })
  expect(few.count()).toBe(most / 2)
  for (let turn = 0; turn < 50; turn++) few.measure(busy)
  expect(few.count()).toBe(4)
})

test('is all there may be again soon after a flood', () => {
  const few = openAllowance({ most, turnMs })
  for (let turn = 0; turn < 50; turn++) few.measure(busy)
  for (let turn = 0; turn < most; turn++) few.measure({ ownMs: 5, turnedAway: 0 }) // some 0.6 s
  expect(few.count()).toBe(most)
})

test('in a flood a turn takes about as long as it may, whatever a request costs, and is never left empty', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 20, noNaN: true }), fc.integer({ min: 100, max: 2_000 }), (costMs, offered) => {
      const few = openAllowance({ most, turnMs })
      const turn = () => {
        const letIn = few.count()
        few.measure({ ownMs: letIn * costMs, turnedAway: offered - letIn })
        return letIn
      }
      for (let n = 0; n < 400; n++) turn()
      const settled = Array.from({ length: 100 }, turn)
      for (const letIn of settled) {
        expect(letIn).toBeGreaterThanOrEqual(Math.min(most, Math.max(4, Math.floor(turnMs / costMs / 2))))
        expect(letIn).toBeLessThanOrEqual(Math.max(4, turnMs / costMs + 1))
      }
    }),
  )
})
