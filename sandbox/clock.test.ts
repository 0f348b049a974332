// The virtual clock, on a real time that the test moves by hand.
import { describe, expect, test } from 'vitest'
import { createClock, rfc2822 } from './clock.ts'

function atHand(speed: number | 'instant') {
  let steady = 0
  const clock = createClock({ wallMs: () => 1_000_000, steadyMs: () => steady }, speed)
  return { clock, pass: (ms: number) => (steady += ms) }
}

describe('the clock', () => {
  test('goes as many times faster as it is told, without a jump when that changes', () => {
    const { clock, pass } = atHand(20)
    pass(100)
    expect(clock.now()).toBe(1_002_000)
    clock.setSpeed(1)
    expect(clock.now()).toBe(1_002_000)
    pass(100)
    expect(clock.now()).toBe(1_002_100)
  })

  test('moved forward, it wakes whoever waited for that', async () => {
    const { clock } = atHand(1)
    const waiting = clock.wait(3_600_000)
    clock.advance(3_600_000)
    await waiting
    expect(clock.now()).toBe(4_600_000)
  })

  test('set to a time, it goes on from there', () => {
    const { clock, pass } = atHand(2)
    clock.set(5_000_000)
    pass(10)
    expect(clock.now()).toBe(5_000_020)
  })

  test('at instant speed nobody waits', async () => {
    const { clock } = atHand('instant')
    await clock.wait(86_400_000)
  })

  test('a wait ends when it is canceled', async () => {
    const { clock } = atHand(1)
    await clock.wait(86_400_000, { cancel: Promise.resolve() })
    await clock.wait(86_400_000, { cancel: Promise.reject(new Error('gone')) })
  })

  test('times are written the way Twilio writes them', () => {
    expect(rfc2822(Date.UTC(2026, 10, 24, 9, 5, 7))).toBe('Tue, 24 Nov 2026 09:05:07 +0000')
  })
})
