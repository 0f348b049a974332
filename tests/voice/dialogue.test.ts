// The voice call through its real door: form posts signed as Twilio signs them, TwiML back.
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(() => house.close())

const authToken = 'a-token-that-only-tests-know-0001'
async function post(path: string, params: Record<string, string>, signature?: string): Promise<Response> {
  const signed = signature ?? twilio.getExpectedTwilioSignature(authToken, `${house.url}${path}`, params)
  return house.request('POST', path, { form: params, headers: { 'x-twilio-signature': signed } })
}

/** A caller who says one thing after the other, each to the address that the last answer named. */
async function converse(sid: string, from: string, said: string[]): Promise<string[]> {
  const base = { CallSid: sid, From: from, To: house.org.phoneNumber ?? '' }
  const heard = [await (await post('/twilio/voice', { ...base, CallStatus: 'ringing' })).text()]
  for (const words of said) {
    const action = /action="([^"]+)"/.exec(heard.at(-1) ?? '')?.[1]?.replaceAll('&amp;', '&')
    if (!action) break
    heard.push(await (await post(action.replace(house.url, ''), { ...base, SpeechResult: words, Confidence: '0.92' })).text())
  }
  return heard
}

describe('a caller', () => {
  test('says all at once, confirms, and has an appointment', async () => {
    const heard = await converse('CA00000000000000000000000000000001', '+447700900123', [
      "hi, it's Ada Lovelace, I'd like to come in next wednesday at three in the afternoon",
      'yes please',
      "no that's all, bye",
    ])
    expect(heard[0]).toContain('Gather')
    expect(heard.at(-1)).toContain('Hangup')
    const list = (await (await house.request('GET', '/appointments', { key: house.org.apiKey })).json()) as { appointments: { full_name: string }[] }
    expect(list.appointments).toMatchObject([{ full_name: 'Ada Lovelace', duration_min: 30, status: 'booked' }])
  })
})
