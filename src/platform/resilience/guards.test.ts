import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { soon } from '../../../tests/support/soon.ts'
import { createLogger, openMetrics } from '../telemetry/index.ts'
import { movableClock } from '../time/index.ts'
import { isOutage, openGuards } from './index.ts'
import { memoryBus } from './memory-bus.ts'

const policy = { timeoutMs: 50, retries: 2, breaker: { failures: 3, halfOpenAfterMs: 10_000 }, backoffMs: { initial: 1, max: 2 } }
const log = createLogger({ level: 'silent' })
const fails = async (): Promise<never> => {
  throw new Error('connection reset')
}
const open = expect.objectContaining({ code: 'circuit_open' })

function processes(count: number) {
  const bus = memoryBus()
  const clock = movableClock('2026-11-24T09:00:00Z')
  const rooms = Array.from({ length: count }, () => openGuards({ bus, clock, log }))
  return { bus, clock, rooms, guards: rooms.map((room) => room.guard('openai_api', policy)) }
}

function one() {
  const { guards, ...rest } = processes(1)
  const [guard] = guards
  if (!guard) throw new Error('no guard')
  return { guard, ...rest }
}

const breakIt = async (guard: { call(fn: () => Promise<never>): Promise<unknown> }) => {
  for (let attempt = 0; attempt < policy.breaker.failures; attempt++) await expect(guard.call(fails)).rejects.toThrow('connection reset')
}

describe('a guarded call', () => {
  test('that is too slow is aborted, and refused as such', async () => {
    const { guard } = one()
    const aborted = Promise.withResolvers<boolean>()
    const call = guard.call(async (signal) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.aborted))
      await delay(60_000, undefined, { signal })
    })
    await expect(call).rejects.toMatchObject({ code: 'provider_timeout', details: { extra: { service: 'openai_api' } } })
    expect(await aborted.promise).toBe(true)
  })

  test('keeps its signal quiet when it was in time', async () => {
    const { guard } = one()
    const signal = await guard.call(async (given) => given)
    expect(signal.aborted).toBe(false)
  })

  test('is repeated only when it is idempotent', async () => {
    const { guard } = one()
    const fn = vi.fn(fails)
    await expect(guard.call(fn)).rejects.toThrow('connection reset')
    expect(fn).toHaveBeenCalledTimes(1)
    await guard.force('closed')
    await expect(guard.call(fn, { idempotent: true })).rejects.toThrow('connection reset')
    expect(fn).toHaveBeenCalledTimes(4)
  })

  test('is not repeated when the service answered, and that answer does not open the breaker', async () => {
    const { guard } = one()
    const fn = vi.fn(async () => {
      throw Object.assign(new Error('no such number'), { status: 404 })
    })
    for (let call = 0; call < 5; call++) await expect(guard.call(fn, { idempotent: true })).rejects.toThrow('no such number')
    expect(fn).toHaveBeenCalledTimes(5)
    expect(guard.snapshot().state).toBe('closed')
  })

  test('is refused while the breaker is open, with the time to come back, and not even tried', async () => {
    const { guard } = one()
    await breakIt(guard)
    const fn = vi.fn(async () => 1)
    await expect(guard.call(fn, { idempotent: true })).rejects.toMatchObject({
      code: 'circuit_open',
      details: { headers: { 'retry-after': '10' }, extra: { service: 'openai_api', retryAfter: 10 } },
    })
    expect(fn).not.toHaveBeenCalled()
  })

  test('is measured by its outcome', async () => {
    const metrics = openMetrics()
    const room = openGuards({ bus: memoryBus(), clock: movableClock('2026-11-24T09:00:00Z'), log, metrics })
    const guard = room.guard('twilio_api', policy)
    await guard.call(async () => 1)
    await breakIt(guard)
    await expect(guard.call(async () => 1)).rejects.toEqual(open)
    const { body } = await metrics.render()
    expect(body).toContain('outgoing_call_duration_seconds_count{service="twilio_api",outcome="success"} 1')
    expect(body).toContain('outgoing_call_duration_seconds_count{service="twilio_api",outcome="failure"} 3')
    expect(body).toContain('outgoing_call_duration_seconds_count{service="twilio_api",outcome="rejected"} 1')
    expect(body).toContain('circuit_breaker_state{service="twilio_api"} 2')
  })
})

describe('breakers of several processes', () => {
  test('what opens in one is open in the other within a second', async () => {
    const { guards } = processes(2)
    const [here, there] = guards
    if (!here || !there) return expect.unreachable()
    await breakIt(here)
    await soon(() => expect(there.snapshot().state).toBe('open'), 1_000)
    await expect(there.call(async () => 1)).rejects.toEqual(open)
  })

  test('one probe is made among all of them, and its success closes all', async () => {
    const { guards, clock } = processes(4)
    await breakIt(guards[0] ?? expect.unreachable())
    await soon(() => expect(guards.map((guard) => guard.snapshot().state)).toEqual(Array(4).fill('open')))
    clock.advance(11)
    const release = Promise.withResolvers<void>()
    const probe = vi.fn(() => release.promise)
    const calls = guards.flatMap((guard) => [guard.call(probe), guard.call(probe), guard.call(probe)])
    const outcomes = Promise.allSettled(calls)
    await soon(() => expect(probe).toHaveBeenCalled())
    release.resolve()
    const settled = await outcomes
    expect(settled.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    expect(probe).toHaveBeenCalledTimes(1)
    await soon(() => expect(guards.map((guard) => guard.snapshot().state)).toEqual(Array(4).fill('closed')))
  })

  test('a probe that fails keeps all of them open', async () => {
    const { guards, clock } = processes(2)
    await breakIt(guards[0] ?? expect.unreachable())
    await soon(() => expect(guards[1]?.snapshot().state).toBe('open'))
    clock.advance(11)
    await expect(guards[1]?.call(fails)).rejects.toThrow('connection reset')
    await expect(guards[0]?.call(async () => 1)).rejects.toEqual(open)
    clock.advance(11)
    expect(await guards[0]?.call(async () => 1)).toBe(1)
  })

  test('a word from before, heard while one probes, does not undo what the probe finds', async () => {
    const { bus, guards, clock } = processes(2)
    const [here, there] = guards
    if (!here || !there) return expect.unreachable()
    await breakIt(here)
    clock.advance(11)
    const release = Promise.withResolvers<void>()
    const probing = here.call(() => release.promise)
    await soon(() => expect(here.snapshot().state).toBe('half_open'))
    await bus.publish('breakers', { kind: 'open', name: 'openai_api', forMs: 60_000, forced: false, from: 'elsewhere' })
    release.resolve()
    await probing
    await soon(() => expect(guards.map((guard) => guard.snapshot().state)).toEqual(['closed', 'closed']))
  })

  test('an operator opens and closes it everywhere', async () => {
    const { guards, clock } = processes(2)
    await guards[0]?.force('open')
    clock.advance(1000)
    await expect(guards[1]?.call(async () => 1)).rejects.toEqual(open)
    expect(guards[1]?.snapshot().forced).toBe(true)
    await guards[1]?.force('closed')
    expect(await guards[0]?.call(async () => 1)).toBe(1)
  })

  test('a process that starts later learns what is open', async () => {
    const { bus, clock, guards } = processes(1)
    await breakIt(guards[0] ?? expect.unreachable())
    const late = openGuards({ bus, clock, log }).guard('openai_api', policy)
    await soon(() => expect(late.snapshot().state).toBe('open'))
  })

  test('an answer that is older than what was said to all meanwhile opens nothing', async () => {
    const { bus, clock } = processes(0)
    let late = ''
    bus.subscribe('breakers', (payload) => {
      late = (payload as { from: string }).from
    })
    const guard = openGuards({ bus, clock, log }).guard('openai_api', policy)
    await soon(() => expect(late).not.toBe(''))
    const about = { name: 'openai_api', from: 'elsewhere' }
    const answer = { ...about, kind: 'open', to: late, forMs: 60_000, forced: false }
    await bus.publish('breakers', answer)
    expect(guard.snapshot().state).toBe('open')
    await bus.publish('breakers', { ...about, kind: 'close' })
    await bus.publish('breakers', answer)
    expect(guard.snapshot().state).toBe('closed')
  })

  test('without a bus each goes on alone', async () => {
    const { bus, clock, guards } = processes(1)
    const [guard] = guards
    if (!guard) return expect.unreachable()
    bus.fail(new Error('no database'))
    await breakIt(guard)
    await expect(guard.call(async () => 1)).rejects.toEqual(open)
    clock.advance(11)
    expect(await guard.call(async () => 1)).toBe(1)
    expect(guard.snapshot().state).toBe('closed')
  })

  test('a message that cannot be read changes nothing', async () => {
    const { bus, guards } = processes(1)
    for (const junk of [
      null,
      7,
      'open',
      {},
      { kind: 'open' },
      { kind: 'open', name: 'openai_api', from: 'x' },
      { kind: 'close', from: 1, name: 2 },
    ])
      await bus.publish('breakers', junk)
    expect(guards[0]?.snapshot().state).toBe('closed')
  })
})

test.each([
  [new Error('ECONNRESET'), true],
  [{ status: 503 }, true],
  [{ statusCode: 429 }, true],
  [{ $metadata: { httpStatusCode: 500 } }, true],
  [{ $metadata: { httpStatusCode: 404 } }, false],
  [{ status: 400 }, false],
])('%j speaks against the service: %s', (error, expected) => {
  expect(isOutage(error)).toBe(expected)
})
