// Calls that Patchbay places, over the carrier's own wire protocol: the far side is busy, silent, absent or talks, and
// its callbacks misbehave. What is left is one call with its true end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

let sandbox: TestSandbox
let house: TestHouse
let token: string
beforeAll(async () => {
  sandbox = await startTestSandbox()
  house = await openTestHouse({
    jobs: true,
    env: { TWILIO_ACCOUNT_SID: sandbox.accountSid, TWILIO_AUTH_TOKEN: sandbox.authToken, TWILIO_BASE_URL: sandbox.baseUrl },
  })
  token = await house.token()
  await sandbox.post('/sandbox/numbers', {
    phoneNumber: house.org.phoneNumber,
    voiceUrl: `${house.url}/twilio/voice`,
    statusCallback: `${house.url}/twilio/voice/status`,
  })
})
afterAll(async () => {
  await house.close()
  await sandbox.stop()
})

interface Call {
  id: string
  status: string
  direction: string
  duration: number | null
  endTime: string | null
  hangupCause: string | null
  legs: { endTime: string | null }[]
  events: { type: string }[]
  transcript: { speaker: string }[]
}
const get = async <T>(path: string) => (await (await house.request('GET', path, { token })).json()) as T
const live = new Set(['queued', 'ringing', 'in_progress'])

async function ring(to: string): Promise<Call> {
  const json = { from: house.org.phoneNumber, to, agentId: house.org.agentId }
  const response = await house.request('POST', '/v1/calls', { token, json })
  expect(response.status).toBe(201)
  const { id } = (await response.json()) as Call
  return until(`the end of the call to ${to}`, async () => {
    const call = await get<Call>(`/v1/calls/${id}`)
    return live.has(call.status) ? null : call
  })
}
const ofBella = async <T>(path: string) => (await (await house.request('GET', path, { key: house.org.apiKey })).json()) as T
const callsTo = (number: string) => get<{ total: number }>(`/v1/calls?number=${encodeURIComponent(number)}`)

describe('a call that was placed', () => {
  test.each([
    ['+15005550101', 'busy', 'USER_BUSY'],
    ['+15005550102', 'no_answer', 'NO_ANSWER'],
    ['+15005550103', 'failed', 'NORMAL_TEMPORARY_FAILURE'],
  ])('to %s ends as %s (%s), with no talk and nothing to pay', async (number, status, hangupCause) => {
    const call = await ring(number)
    expect(call).toMatchObject({ direction: 'outbound', status, hangupCause, duration: 0, cost: { amountMicros: 0 } })
    expect((await callsTo(number)).total).toBe(1)
  })

  test('to a person who hangs up in the middle of a sentence has ended for everybody on it', async () => {
    const call = await ring('+15005550106')
    expect(call).toMatchObject({ status: 'completed', hangupCause: 'NORMAL_CLEARING' })
    expect(call.legs.every(({ endTime }) => endTime !== null)).toBe(true)
    expect(call.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['queued', 'dialing', 'answered', 'completed']))
    expect(call.transcript.map(({ speaker }) => speaker)).toContain('agent')
  })

  test.each(['+15005550201', '+15005550202', '+15005550203'])(
    'whose callbacks misbehave (%s) is one call, and completed',
    async (number) => {
      expect(await ring(number)).toMatchObject({ status: 'completed' })
      expect((await callsTo(number)).total).toBe(1)
    },
  )

  test('to somebody who books on it is a booking of theirs, not of the number that rang them', async () => {
    const number = '+447700900451'
    const script = [
      { say: "it's Ada Lovelace, could I come in next tuesday at ten" },
      { expect: 'which would you like|suit you', say: 'the first one' },
      { expect: 'shall i book', say: 'yes please' },
      { expect: 'anything else', say: "no that's all, bye" },
    ]
    await sandbox.post('/sandbox/people', { number, script })
    const call = await ring(number)
    const { appointments } = await ofBella<{ appointments: { mobile: string; call_id: string }[] }>('/appointments')
    expect(appointments.filter(({ call_id }) => call_id === call.id)).toMatchObject([{ mobile: number }])
    const { users } = await ofBella<{ users: { mobile: string }[] }>('/users')
    expect(users.map(({ mobile }) => mobile)).not.toContain(house.org.phoneNumber)
  })
})
