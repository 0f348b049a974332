import { expect, test } from 'vitest'
import { openBacklog } from './backlog.ts'

function clocked(queueFrom: number) {
  let at = 0
  const backlog = openBacklog(queueFrom, () => at)
  /** `begin` a tick begin and `end` end, for so many ticks of 10 ms. @returns the wait in the end */
  const run = (begin: number, end: number, ticks: number): number => {
    let wait = 0
    for (let tick = 0; tick < ticks; tick++) {
      at += 10
      for (let n = 0; n < begin; n++) backlog.began()
      for (let n = 0; n < end; n++) backlog.ended()
      wait = backlog.waitMs()
    }
    return wait
  }
  return { run }
}

test('there is no wait while as many come back as go out, and none for a few that are slow', () => {
  expect(clocked(32).run(50, 50, 100)).toBe(0)
  const few = clocked(32)
  expect(few.run(1, 0, 32)).toBe(0)
})

test('the wait is what is out, over what comes back', () => {
  const { run } = clocked(32)
  run(10, 10, 200)
  run(10, 0, 20) // 200 more are out now
  expect(run(10, 10, 200)).toBeCloseTo(200, 0) // at one a millisecond
})

test('when nothing comes back any more, it is long, and over as soon as the queue is', () => {
  const { run } = clocked(32)
  run(10, 10, 50)
  expect(run(10, 0, 200)).toBe(1_000)
  expect(run(0, 2_000, 1)).toBe(0)
})
