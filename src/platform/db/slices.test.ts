import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { migrate, openDatabase, statement } from './index.ts'
import { openSlices } from './slices.ts'

/** A clock that work moves: each piece follows from an answer after some promises, as a handler's does. */
function openWorld() {
  let [time, own, turn] = [0, 0, 0]
  const done: { readonly piece: number; readonly turn: number }[] = []
  const slices = openSlices({ leastMs: 5, mostMs: 25, now: () => time, ownMs: () => own })
  return {
    slices,
    done,
    /** What follows from an answer takes so long. */
    answer(piece: number, tookMs: number): void {
      const answered = new Promise<void>((resolve) => slices.add(resolve))
      const handler = async () => {
        await answered
        await null
        time += tookMs
        own += tookMs
        done.push({ piece, turn })
      }
      void handler()
    },
    /** In each turn other work of this thread takes so long, and for so long it has no processor. */
    async untilDone(count: number, othersMs = 0, awayMs = 0): Promise<void> {
      while (done.length < count) {
        await nextTurn()
        time += othersMs + awayMs
        own += othersMs
        turn += 1
      }
    },
  }
}

test('what follows from cheap answers is done in one turn', async () => {
  const { answer, untilDone, done } = openWorld()
  for (let piece = 0; piece < 40; piece++) answer(piece, 0.1)
  await untilDone(40)
  expect(new Set(done.map(({ turn }) => turn))).toEqual(new Set([0]))
})

test('what follows from dear ones leaves the loop to others in between', async () => {
  const { answer, untilDone, done } = openWorld()
  for (let piece = 0; piece < 10; piece++) answer(piece, 7)
  await untilDone(10)
  expect(new Set(done.map(({ turn }) => turn)).size).toBeGreaterThanOrEqual(9)
})

test('has as much time as other work of this thread took in between, up to what it may be kept waiting', async () => {
  for (const [othersMs, awayMs, pieces] of [
    [1, 0, 5],
    [1, 80, 5],
    [15, 0, 15],
    [80, 0, 25],
  ] as const) {
    const { answer, untilDone, done } = openWorld()
    for (let piece = 0; piece < 200; piece++) answer(piece, 1)
    await untilDone(200, othersMs, awayMs)
    expect(done.filter(({ turn }) => turn === 3).length).toBe(pieces)
  }
})

test('everything is done once and in order, whatever it costs', async () => {
  const pieces = fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(pieces, pieces, async (first, later) => {
      const { answer, untilDone, done } = openWorld()
      for (const [piece, took] of first.entries()) answer(piece, took)
      await untilDone(Math.ceil(first.length / 2))
      for (const [index, took] of later.entries()) answer(first.length + index, took)
      const all = [...first, ...later]
      await untilDone(all.length)
      expect(done.map(({ piece }) => piece)).toEqual(all.map((_, piece) => piece))
    }),
    { numRuns: 50 },
  )
})

test('a turn takes no longer than a slice and one piece, also when pieces become dearer', async () => {
  const cost = fc.double({ min: 0.05, max: 20, noNaN: true })
  await fc.assert(
    fc.asyncProperty(cost, cost, async (before, after) => {
      const { answer, untilDone, done } = openWorld()
      for (let piece = 0; piece < 100; piece++) answer(piece, before)
      await untilDone(100)
      for (let piece = 100; piece < 200; piece++) answer(piece, after)
      await untilDone(200)
      const surprised = done[100]?.turn // nobody can know before the first
      for (const turn of new Set(done.map((one) => one.turn))) {
        const took = done.filter((one) => one.turn === turn && turn !== surprised).map(({ piece }) => (piece < 100 ? before : after))
        // What is counted as one turn here may see the end of one slice and the next.
        expect(took.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(2 * (5 + Math.max(before, after)))
      }
    }),
    { numRuns: 50 },
  )
})

test('cheap answers between do not make the dear seem cheap', async () => {
  const { answer, untilDone, done } = openWorld()
  const isDear = (piece: number) => piece % 30 === 29
  for (let piece = 0; piece < 600; piece++) answer(piece, isDear(piece) ? 7 : 0.01)
  await untilDone(600)
  const turnsOfDear = done.filter(({ piece }) => isDear(piece)).map(({ turn }) => turn)
  // What is counted as one turn here may see the end of one slice and the next.
  for (const turn of turnsOfDear) expect(turnsOfDear.filter((each) => each === turn).length).toBeLessThanOrEqual(2)
})

test('an answer is never handed on before whoever brought it has gone on', async () => {
  const { slices } = openWorld()
  let handedOn = false
  slices.add(() => {
    handedOn = true
  })
  expect(handedOn).toBe(false)
  await expect.poll(() => handedOn).toBe(true)
})

test('what a piece of work asks for itself is answered too', async () => {
  const { slices, answer, untilDone, done } = openWorld()
  slices.add(() => answer(0, 6))
  await untilDone(1)
  expect(done).toMatchObject([{ piece: 0 }])
})

test('between what follows from reads that PostgreSQL has answered together, others are looked at', async () => {
  const home = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
  const database = openDatabase({ url: home.url, lanes: 1, writers: 1, onError: (error) => expect.unreachable(error.message) })
  const number = statement<{ n: number }, { n: number }>('test_number', 'SELECT :n::int AS n')
  await database.read(1, number, { n: 0 })
  const turns: number[] = []
  let turn = 0
  const work = async (n: number) => {
    const rows = await database.read(1, number, { n })
    turns.push(turn)
    busyFor(6)
    return rows
  }
  const all = Promise.all(Array.from({ length: 30 }, (_, n) => work(n)))
  await nextTurn()
  busyFor(200) // all the answers are there meanwhile
  while (turns.length < 30) {
    await nextTurn()
    turn += 1
  }
  expect(await all).toEqual(Array.from({ length: 30 }, (_, n) => [{ n }]))
  // Of 6 ms there are five in the longest slice of 25, and two in the first of 5, before anybody else was looked at.
  for (const one of turns) expect(turns.filter((each) => each === one).length).toBeLessThanOrEqual(7)
  await database.close()
  await home.drop()
})

function busyFor(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}
