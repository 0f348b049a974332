import { describe, expect, test } from 'vitest'
import { type Hint, nothingUnderstood, type Understanding } from '../../domain/conversation/index.ts'
import { fallback } from './fallback.ts'

const hint: Hint = { now: '2026-11-18T10:00:00Z', timezone: 'Europe/London', language: 'en', expecting: 'intent', offered: [] }
const answering = (name: string): Understanding => ({ name, extract: async () => ({ ...nothingUnderstood, name }) })
const failing: Understanding = { name: 'failing', extract: async () => Promise.reject(new Error('down')) }

describe('fallback', () => {
  test('the first answers when it can, and the answer says nothing of a fallback', async () => {
    const both = fallback(answering('first'), answering('second'), { budgetMs: 1000 })
    const understood = await both.extract('x', hint)
    expect(understood).toMatchObject({ name: 'first' })
    expect(understood.usedFallback).toBeUndefined()
  })

  test('the second answers the same turn when the first fails', async () => {
    const reasons: string[] = []
    const both = fallback(failing, answering('second'), { budgetMs: 1000, onFallback: (reason) => reasons.push(reason) })
    expect(await both.extract('x', hint)).toMatchObject({ name: 'second', usedFallback: true })
    expect(reasons).toEqual(['failed'])
  })

  test('a first that throws before it promises is a failure like any other', async () => {
    const rude: Understanding = {
      name: 'rude',
      extract: () => {
        throw new Error('no promise')
      },
    }
    expect(await fallback(rude, answering('second'), { budgetMs: 1000 }).extract('x', hint)).toMatchObject({ usedFallback: true })
  })

  test('when the first is slow it is told to stop, and the second answers', async () => {
    let stopped = false
    const reasons: string[] = []
    const slow: Understanding = {
      name: 'slow',
      extract: (_text, _hint, signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            stopped = true
            reject(new Error('stopped late'))
          })
        }),
    }
    const both = fallback(slow, answering('second'), { budgetMs: 5, onFallback: (reason) => reasons.push(reason) })
    expect(await both.extract('x', hint)).toMatchObject({ name: 'second', usedFallback: true })
    expect([stopped, reasons]).toEqual([true, ['slow']])
  })

  test('while its circuit is open the first is not asked at all', async () => {
    let asked = 0
    const counted: Understanding = {
      name: 'counted',
      extract: async () => {
        asked++
        return nothingUnderstood
      },
    }
    const both = fallback(counted, answering('second'), { budgetMs: 1000, available: () => false })
    expect(await both.extract('x', hint)).toMatchObject({ name: 'second', usedFallback: true })
    expect(asked).toBe(0)
  })
})
