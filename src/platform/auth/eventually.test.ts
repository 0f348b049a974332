import { expect, test, vi } from 'vitest'
import { soon } from '../../../tests/support/soon.ts'
import { eventually } from './eventually.ts'

const quiet = { warn: () => {} }

test('what could not be read is read at the next use after a moment, and then no more', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    let away = true
    const work = vi.fn(async () => {
      if (away) throw new Error('the database is away')
    })
    const news = eventually(work, quiet, 'could not read')
    news.nudge()
    expect(work, 'there is nothing new').not.toHaveBeenCalled()
    news.ask()
    await soon(() => expect(work).toHaveBeenCalledTimes(1))
    news.nudge()
    expect(work, 'not at once again').toHaveBeenCalledTimes(1)
    away = false
    vi.advanceTimersByTime(250)
    news.nudge()
    expect(work).toHaveBeenCalledTimes(2)
    await work.mock.results[1]?.value
    vi.advanceTimersByTime(10_000)
    news.nudge()
    expect(work, 'it is up to date').toHaveBeenCalledTimes(2)
  } finally {
    vi.useRealTimers()
  }
})

test('news that comes while it reads makes it read once more, however often', async () => {
  const first = Promise.withResolvers<void>()
  const work = vi.fn(() => (work.mock.calls.length === 1 ? first.promise : Promise.resolve()))
  const news = eventually(work, quiet, 'could not read')
  for (let times = 0; times < 5; times++) news.ask()
  expect(work).toHaveBeenCalledTimes(1)
  first.resolve()
  await soon(() => expect(work).toHaveBeenCalledTimes(2))
  await Promise.resolve()
  expect(work).toHaveBeenCalledTimes(2)
})
