import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { advanceCall, openCall } from '../../domain/calls/index.ts'

let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse()
  token = await house.token()
})
afterAll(() => house.close())

let made = 0
const day = Date.parse('2026-11-20T00:00:00Z')
const at = (seconds: number) => new Date(day + seconds * 1000)

async function makeCall(options: { start?: number; end?: 'completed' | 'busy' | null; userId?: number; from?: string; org?: number } = {}) {
  const { start = 0, end = 'completed', userId = null, from = '+441632960111', org = 100 } = options
  const session = house.session(org)
  const { callId } = await openCall(session, {
    direction: 'inbound',
    from,
    to: '+15005550006',
    provider: 'twilio',
    sid: `CA-http-${++made}`,
    at: at(start),
    status: 'ringing',
    userId,
    legs: [{ kind: 'caller', number: from }],
  })
  if (end === 'completed') await advanceCall(session, callId, { status: 'in_progress', at: at(start + 5) })
  if (end) await advanceCall(session, callId, { status: end, at: at(start + 305) })
  return callId
}
const get = async (path: string, as = token) => {
  const response = await house.request('GET', path, { token: as })
  return { status: response.status, body: (await response.json()) as never as Record<string, never> }
}

describe('GET /v1/calls', () => {
  test('answers as the seed shows it', async () => {
    const id = await makeCall()
    const { status, body } = await get('/v1/calls')
    expect(status).toBe(200)
    expect(body).toMatchObject({ total: 1, limit: 20, offset: 0, nextCursor: null })
    expect(body.calls).toMatchObject([
      {
        id,
        direction: 'inbound',
        from: '+441632960111',
        to: '+15005550006',
        startTime: '2026-11-20T00:00:00Z',
        endTime: '2026-11-20T00:05:05Z',
        duration: 300,
        status: 'completed',
        recording: null,
      },
    ])
  })
})
