// What sapien lets one do to a call while somebody is on it: the caller is the sandbox's, and waits to be told what to say.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts'
import { until } from '../support/until.ts'
import { asker, type Wire } from './asking.ts'

let sandbox: TestSandbox
let house: TestHouse
let token: string
beforeAll(async () => {
  sandbox = await startTestSandbox({ SANDBOX_SPEED: '1' })
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
  await house?.close()
  await sandbox?.stop()
})

const ask = asker(
  () => house,
  () => ({ token }),
)
const show = async (id: string): Promise<Wire> => (await ask('GET', `/v1/calls/${id}`)).body
const types = ({ events }: Wire): string[] => events.map(({ type }: Wire) => type)

let callers = 0
async function liveCall(): Promise<{ id: string; sid: string }> {
  const from = `+4477009006${String(++callers).padStart(2, '0')}`
  const { sid } = (await sandbox.post('/sandbox/calls', { to: house.org.phoneNumber, from, interactive: true, patienceS: 3600 })) as {
    sid: string
  }
  const id = await until('the call to be answered and recorded', async () => {
    const { calls } = (await ask('GET', `/v1/calls?number=${encodeURIComponent(from)}`)).body
    return calls[0]?.status === 'in_progress' && calls[0].recording ? (calls[0].id as string) : null
  })
  return { id, sid }
}

describe('a live call', () => {
  test('is held and taken back, and its recording paused and resumed', async () => {
    const { id } = await liveCall()
    const recording = async (action: string) => ask('POST', `/v1/calls/${id}/recording/${action}`)
    expect((await recording('pause')).body.status).toBe('paused')
    expect((await recording('resume')).body.status).toBe('in_progress')
    expect((await ask('POST', `/v1/calls/${id}/hold`)).body.onHold).toBe(true)
    const back = await ask('POST', `/v1/calls/${id}/hold`, { json: { hold: false } })
    expect([back.status, back.body.onHold]).toEqual([200, false])
    expect(types(await show(id))).toEqual(
      expect.arrayContaining(['recording-started', 'recording-paused', 'recording-resumed', 'hold', 'unhold']),
    )
  })

  test('is hung up, and then has an end that cannot be changed', async () => {
    const { id } = await liveCall()
    expect((await ask('POST', `/v1/calls/${id}/hangup`)).status).toBe(200)
    const ended = await until('the end', async () => {
      const call = await show(id)
      return call.status === 'completed' ? call : null
    })
    expect([ended.hangupCause, ended.endTime !== null]).toEqual(['NORMAL_CLEARING', true])
    for (const [path, json] of [['hangup'], ['hold'], ['transfer', { to: '+15005550100' }], ['recording/pause']] as const) {
      const { status, body } = await ask('POST', `/v1/calls/${id}/${path}`, json ? { json } : {})
      expect([path, status, body.error.code]).toEqual([path, 422, 'call_not_live'])
    }
  })

  test('is transferred to a number, which then is a party to it', async () => {
    const { id } = await liveCall()
    const moved = await ask('POST', `/v1/calls/${id}/transfer`, { json: { to: '+15005550100' } })
    expect([moved.status, types(moved.body)]).toEqual([200, expect.arrayContaining(['transferred'])])
    const { legs } = await until('the other party', async () => {
      const call = await show(id)
      return call.legs[2]?.answerTime ? call : null
    })
    expect(legs.filter(({ number }: Wire) => number === '+15005550100')).toMatchObject([{ kind: 'number', answerTime: expect.any(String) }])
    for (const json of [{}, { to: 'home' }]) expect((await ask('POST', `/v1/calls/${id}/transfer`, { json })).status).toBe(400)
  })

  test('is nobody else’s to control, nor a plain user’s', async () => {
    const { id } = await liveCall()
    const foreign = await house.token({ organizationId: 200 })
    const stranger = await house.token({ roles: ['user'], subject: 'user:999999' })
    for (const [path, json] of [['hangup'], ['hold'], ['transfer', { to: '+15005550100' }], ['recording/pause']] as const) {
      expect((await ask('POST', `/v1/calls/${id}/${path}`, { token: foreign, ...(json ? { json } : {}) })).status).toBe(404)
      expect([403, 404]).toContain((await ask('POST', `/v1/calls/${id}/${path}`, { token: stranger, ...(json ? { json } : {}) })).status)
    }
    expect((await show(id)).status).toBe('in_progress')
  })
})
