import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openBreaker } from './index.ts'

const policy = { failures: 3, halfOpenAfterMs: 1000 }

describe('a breaker', () => {
  test('opens after so many failures in a row, and not before', () => {
    const breaker = openBreaker('x', policy, 0)
    for (const succeeded of [false, false, true, false, false]) breaker.settled(breaker.admit(0), succeeded, 0)
    expect(breaker.state()).toBe('closed')
    expect(breaker.settled(breaker.admit(0), false, 0)).toBe(true)
    expect(breaker.state()).toBe('open')
    expect(breaker.admit(999)).toBe('refused')
  })

  test('lets exactly one probe through once its rest is over, and closes when that succeeds', () => {
    const breaker = openBreaker('x', policy, 0)
    breaker.open(0)
    expect([breaker.admit(1000), breaker.admit(1000), breaker.admit(5000)]).toEqual(['probe', 'refused', 'refused'])
    breaker.settled('probe', true, 1001)
    expect(breaker.admit(1001)).toBe('pass')
  })

  test('rests again when the probe fails', () => {
    const breaker = openBreaker('x', policy, 0)
    breaker.open(0)
    breaker.settled(breaker.admit(1000), false, 1100)
    expect(breaker.admit(2099)).toBe('refused')
    expect(breaker.admit(2100)).toBe('probe')
  })

  test('an answer that was under way when it opened does not close it', () => {
    const breaker = openBreaker('x', policy, 0)
    const admission = breaker.admit(0)
    breaker.open(0)
    breaker.settled(admission, true, 10)
    expect(breaker.state()).toBe('open')
  })

  test('an operator holds it open for as long as he likes', () => {
    const breaker = openBreaker('x', policy, 0)
    breaker.open(0, { forced: true })
    expect(breaker.admit(1_000_000)).toBe('refused')
    breaker.close(1_000_000)
    expect(breaker.admit(1_000_000)).toBe('pass')
  })

  test('tells what happened: counts, rate, times, openings', () => {
    const breaker = openBreaker('openai_api', policy, 0)
    for (const succeeded of [true, false, false, false]) breaker.settled(breaker.admit(500), succeeded, 500)
    breaker.admit(600)
    expect(breaker.snapshot(2500)).toEqual({
      name: 'openai_api',
      state: 'open',
      totalRequests: 4,
      successfulRequests: 1,
      failedRequests: 3,
      rejectedRequests: 1,
      successRate: 0.25,
      circuitOpenedCount: 1,
      currentFailureStreak: 3,
      lastFailureTime: 0.5,
      lastSuccessTime: 0.5,
      timeInCurrentState: 2,
      forced: false,
    })
  })

  test('whatever happens, at most one probe is under way and every attempt is counted once', () => {
    const step = fc.record({ waitMs: fc.nat(1500), succeeded: fc.boolean(), keep: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const breaker = openBreaker('x', policy, 0)
        const underWay: ('pass' | 'probe')[] = []
        let [now, admitted] = [0, 0]
        for (const { waitMs, succeeded, keep } of steps) {
          now += waitMs
          const admission = breaker.admit(now)
          if (admission !== 'refused') {
            admitted += 1
            underWay.push(admission)
          }
          expect(underWay.filter((kind) => kind === 'probe').length).toBeLessThanOrEqual(1)
          const oldest = keep ? undefined : underWay.shift()
          if (oldest) breaker.settled(oldest, succeeded, now)
        }
        expect(breaker.snapshot(now).totalRequests).toBe(admitted - underWay.length)
        expect(breaker.snapshot(now).rejectedRequests).toBe(steps.length - admitted)
      }),
    )
  })
})
