// The telephony port over Twilio, by the official SDK against the sandbox.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestSandbox, type TestSandbox } from '../../../tests/support/sandbox.ts'
import type { Telephony } from '../../domain/calls/index.ts'
import { openGuards } from '../../platform/resilience/index.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { systemClock } from '../../platform/time/index.ts'
import { openTwilio, twilioAudio, twilioTelephony } from './index.ts'

let sandbox: TestSandbox
let telephony: Telephony
const own = '+15005550006'
const settings = () => ({ accountSid: sandbox.accountSid, authToken: sandbox.authToken, baseUrl: sandbox.baseUrl })
const guards = () =>
  openGuards({ bus: { publish: async () => {}, subscribe: () => () => {} }, clock: systemClock, log: createLogger({ level: 'silent' }) })

beforeAll(async () => {
  sandbox = await startTestSandbox({ SANDBOX_NUMBERS: JSON.stringify([{ phoneNumber: own }]) })
  telephony = twilioTelephony(openTwilio(settings(), guards()))
})
afterAll(() => sandbox.stop())

const nowhere = 'http://127.0.0.1:9/nowhere'
const place = (to: string) => telephony.placeCall({ from: own, to, answerUrl: nowhere, statusUrl: nowhere, key: 'k' })
const settled = (sid: string) => sandbox.get(`/sandbox/calls/${sid}?wait=settled`)

describe('a call', () => {
  test('to somebody who is busy ends as busy', async () => {
    const { sid } = await place('+15005550101')
    await settled(sid)
    expect(await telephony.fetchCall(sid)).toMatchObject({ status: 'busy' })
  })

  test('that nobody answers ends as no_answer', async () => {
    const { sid } = await place('+15005550102')
    await settled(sid)
    expect(await telephony.fetchCall(sid)).toMatchObject({ status: 'no_answer' })
  })

  test('that the carrier does not know is null, not an error', async () => {
    expect(await telephony.fetchCall(`CA${'0'.repeat(32)}`)).toBeNull()
    expect(await telephony.fetchRecording(`RE${'0'.repeat(32)}`)).toBeNull()
  })
})

test('a call whose answer was lost may be ringing: nobody is told that it was not placed', async () => {
  await sandbox.post('/sandbox/faults', { rest: 'reset', count: 1 })
  await expect(place('+15005550100')).rejects.toMatchObject({ code: 'provider_timeout' })
  await sandbox.post('/sandbox/faults', { rest: '500', count: 1 })
  await expect(place('+15005550100')).rejects.toMatchObject({ status: 500 })
  const nobody = twilioTelephony(openTwilio({ ...settings(), baseUrl: 'http://127.0.0.1:9' }, guards()))
  await expect(nobody.placeCall({ from: own, to: own, answerUrl: nowhere, statusUrl: nowhere, key: 'k' })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  })
})

test('a message goes out from our number', async () => {
  const { sid } = await telephony.sendMessage({ from: own, to: '+447700900123', text: 'Your appointment is booked.' })
  const { messages } = (await sandbox.get('/sandbox/messages')) as { messages: { sid: string; body: string }[] }
  expect(messages.find((message) => message.sid === sid)).toMatchObject({ body: 'Your appointment is booked.' })
})

test('wrong keys are an error that names them, and no breaker opens for it', async () => {
  const wrong = twilioTelephony(openTwilio({ ...settings(), authToken: 'wrong' }, guards()))
  await expect(wrong.fetchCall(`CA${'0'.repeat(32)}`)).rejects.toMatchObject({ status: 401, code: 20003 })
})

test('audio is fetched from the carrier alone, whatever address is given', async () => {
  const fetchAudio = twilioAudio(openTwilio(settings(), guards()))
  expect(await fetchAudio('http://169.254.169.254/latest/meta-data')).toBeNull()
})
