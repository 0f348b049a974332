// The REST side as the official package sees it: nothing but the host is changed.
import { readFileSync } from 'node:fs'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PointedClient, type Stage, stage } from '../stage.ts'

let here: Stage
beforeAll(async () => {
  here = await stage((got) =>
    got.path === '/answer'
      ? '<Response><Say>Hello from the campaign.</Say><Gather input="speech" action="/said"><Say>Is noon fine?</Say></Gather></Response>'
      : '<Response><Hangup/></Response>',
  )
})
afterAll(() => here.close())

const everyEvent = ['initiated', 'ringing', 'answered', 'completed']
const outcome = async (to: string, more: Record<string, unknown> = {}) => {
  const call = await here.sdk.calls.create({ to, from: here.number, url: `${here.app.url}/answer`, ...more })
  await here.settled(call.sid)
  return here.sdk.calls(call.sid).fetch()
}
const refused = (work: Promise<unknown>) =>
  work.then(
    () => ({ code: 0, status: 0 }),
    (error: { code: number; status: number }) => ({ code: error.code, status: error.status }),
  )

describe('credentials', () => {
  test('a wrong token is 20003, and says so with 401', async () => {
    const stranger = twilio(here.world.settings.accountSid, 'wrong', { httpClient: new PointedClient(here.baseUrl) })
    expect(await refused(stranger.calls.list())).toEqual({ code: 20003, status: 401 })
  })

  test('the account can be fetched', async () => {
    expect(await here.sdk.api.v2010.accounts(here.world.settings.accountSid).fetch()).toMatchObject({ status: 'active', type: 'Full' })
  })
})

describe('placing calls', () => {
  test('a person answers; the callbacks come in order and numbered', async () => {
    const path = '/progress-ordinary'
    const call = await outcome('+15005550100', { statusCallback: here.app.url + path, statusCallbackEvent: everyEvent })
    expect(call).toMatchObject({ status: 'completed', direction: 'outbound-api', from: here.number })
    expect(Number(call.duration)).toBeGreaterThan(3)
    expect(call.startTime).toBeInstanceOf(Date)
    const told = here.app.at(path).map(({ params }) => [params.CallStatus, params.SequenceNumber])
    expect(told).toEqual([
      ['initiated', '0'],
      ['ringing', '1'],
      ['in-progress', '2'],
      ['completed', '3'],
    ])
    expect(here.app.at(path).every((one) => one.signed)).toBe(true)
  })

  test('what is created is queued, and has no times yet', async () => {
    const call = await here.sdk.calls.create({ to: '+447700900456', from: here.number, twiml: '<Response><Say>Hi.</Say></Response>' })
    expect(call).toMatchObject({ status: 'queued', duration: null, answeredBy: null })
    const shown = await here.settled(call.sid)
    expect(shown.heard).toEqual(['Hi.'])
  })

  test.each([
    ['+15005550101', 'busy'],
    ['+15005550102', 'no-answer'],
    ['+15005550103', 'failed'],
    ['+15005550105', 'completed'],
    ['+15005550106', 'completed'],
  ])('%s ends as %s', async (to, status) => {
    expect((await outcome(to)).status).toBe(status)
  })

  test('only the events asked for are told, and the last alone when none was named', async () => {
    await outcome('+15005550101', { statusCallback: `${here.app.url}/only-end` })
    expect(here.app.at('/only-end').map(({ params }) => [params.CallStatus, params.CallDuration, params.SipResponseCode])).toEqual([
      ['busy', '0', '486'],
    ])
  })

  test('an answering machine is recognised', async () => {
    expect((await outcome('+15005550104', { machineDetection: 'Enable' })).answeredBy).toBe('machine_start')
    expect((await outcome('+15005550104', { machineDetection: 'DetectMessageEnd' })).answeredBy).toBe('machine_end_beep')
    expect((await outcome('+15005550100', { machineDetection: 'Enable' })).answeredBy).toBe('human')
  })

  test('a slow person is not reached within a short timeout', async () => {
    expect((await outcome('+15005550107', { timeout: 10 })).status).toBe('no-answer')
    expect((await outcome('+15005550107', { timeout: 40 })).status).toBe('completed')
  })

  test.each([
    [21211, { to: 'nobody' }],
    [21211, { to: '+15005550001' }],
    [21214, { to: '+15005550002' }],
    [21212, { from: 'x y' }],
    [21210, { from: '+447700900999' }],
    [21205, { url: 'ftp://example.com' }],
  ])('is refused with %i', async (code, wrong) => {
    expect(
      await refused(here.sdk.calls.create({ to: '+15005550100', from: here.number, url: `${here.app.url}/answer`, ...wrong })),
    ).toEqual({ code, status: 400 })
  })

  test('a To that is missing is 21201', async () => {
    const { accountSid, authToken } = here.world.settings
    const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
    const response = await fetch(`${here.baseUrl}/2010-04-01/Accounts/${accountSid}/Calls.json`, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ From: here.number }),
    })
    expect(await response.json()).toMatchObject({ code: 21201, status: 400, more_info: 'https://www.twilio.com/docs/errors/21201' })
  })

  test('callbacks that are lost never come, and those that come twice come twice', async () => {
    await outcome('+15005550204', { statusCallback: `${here.app.url}/lost`, statusCallbackEvent: everyEvent })
    await outcome('+15005550202', { statusCallback: `${here.app.url}/twice`, statusCallbackEvent: everyEvent })
    expect(here.app.at('/lost')).toEqual([])
    expect(here.app.at('/twice').map(({ params }) => params.CallStatus)).toEqual([
      'initiated',
      'initiated',
      'ringing',
      'ringing',
      'in-progress',
      'in-progress',
      'completed',
      'completed',
    ])
  })

  test('disordered callbacks all come, and the last of them first', async () => {
    await outcome('+15005550203', { statusCallback: `${here.app.url}/mixed`, statusCallbackEvent: everyEvent })
    const order = here.app.at('/mixed').map(({ params }) => params.SequenceNumber)
    expect(order).toEqual(['3', '2', '1', '0'])
  })
})

describe('calls in progress', () => {
  const live = async () => {
    const { body } = await here.control('POST', '/sandbox/calls', { to: here.number, interactive: true })
    return body.sid
  }
  const events = async function* (sid: string) {
    const response = await fetch(`${here.baseUrl}/sandbox/calls/${sid}/events`)
    let rest = ''
    for await (const part of response.body ?? []) {
      const lines = (rest + Buffer.from(part).toString('utf8')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as { type: string; text?: string }
    }
  }
  const until = async (sid: string, type: string) => {
    for await (const event of events(sid)) if (event.type === type) return event
    return null
  }

  test('can be ended by the API', async () => {
    await here.sdk
      .incomingPhoneNumbers((await here.sdk.incomingPhoneNumbers.list({ phoneNumber: here.number }))[0]?.sid ?? '')
      .update({ voiceUrl: `${here.app.url}/answer` })
    const sid = await live()
    await until(sid, 'listening')
    expect((await here.sdk.calls(sid).update({ status: 'completed' })).status).toBe('completed')
    expect((await here.settled(sid)).status).toBe('completed')
    expect(await refused(here.sdk.calls(sid).update({ twiml: '<Response/>' }))).toEqual({ code: 21220, status: 400 })
  })

  test('can be sent to another document in the middle of listening', async () => {
    const sid = await live()
    await until(sid, 'listening')
    await here.sdk.calls(sid).update({ twiml: '<Response><Say>Change of plan.</Say></Response>' })
    expect((await here.settled(sid)).heard.at(-1)).toBe('Change of plan.')
  })

  test('can be recorded, paused and stopped; the file has just the time between', async () => {
    const sid = await live()
    await until(sid, 'listening')
    const recording = await here.sdk
      .calls(sid)
      .recordings.create({ recordingStatusCallback: `${here.app.url}/rec`, recordingStatusCallbackEvent: ['in-progress', 'completed'] })
    expect(recording).toMatchObject({ status: 'in-progress', source: 'StartCallRecordingAPI', channels: 1 })
    expect(await here.sdk.calls(sid).recordings('Twilio.CURRENT').update({ status: 'paused', pauseBehavior: 'skip' })).toMatchObject({
      status: 'paused',
    })
    expect(await here.sdk.calls(sid).recordings(recording.sid).update({ status: 'in-progress' })).toMatchObject({ status: 'in-progress' })
    await here.control('POST', `/sandbox/calls/${sid}/say`, { text: 'Noon is fine' })
    const shown = await here.settled(sid)
    expect(shown.said).toEqual(['Noon is fine'])
    expect(here.app.at('/rec').map(({ params }) => params.RecordingStatus)).toEqual(['in-progress', 'completed'])
    const kept = await here.sdk.recordings(recording.sid).fetch()
    expect(kept).toMatchObject({ status: 'completed', callSid: sid })
    expect(await here.sdk.recordings.list({ callSid: sid })).toHaveLength(1)
    expect(await here.sdk.recordings(recording.sid).remove()).toBe(true)
    expect(await refused(here.sdk.recordings(recording.sid).fetch())).toEqual({ code: 20404, status: 404 })
  })

  test('a live caller speaks, presses and hangs up', async () => {
    const sid = await live()
    await here.control('POST', `/sandbox/calls/${sid}/press`, { digits: '1' })
    await here.control('POST', `/sandbox/calls/${sid}/hangup`)
    const shown = await here.settled(sid)
    expect(shown.status).toMatch(/completed|no-answer/)
    expect((await here.control('POST', `/sandbox/calls/${sid}/say`, { text: 'hello?' })).status).toBe(409)
  })
})

describe('lists', () => {
  test('pages follow each other without a gap or a repeat, whatever is added meanwhile', async () => {
    for (let n = 0; n < 7; n += 1) await outcome('+15005550101')
    const busy = await here.sdk.calls.list({ status: 'busy', pageSize: 2 })
    expect(new Set(busy.map((call) => call.sid)).size).toBe(busy.length)
    expect(busy.length).toBeGreaterThanOrEqual(8)
    const first = await here.sdk.calls.page({ status: 'busy', pageSize: 3 })
    await outcome('+15005550101')
    const second = await first.nextPage()
    expect(second?.instances.map((call) => call.sid)).toEqual(busy.slice(3, 6).map((call) => call.sid))
  })

  test('are filtered by time, number and status', async () => {
    const future = new Date(Date.now() + 86_400_000)
    expect(await here.sdk.calls.list({ startTimeAfter: future })).toEqual([])
    expect((await here.sdk.calls.list({ startTimeBefore: future, to: '+15005550103' })).map((call) => call.status)).toEqual(['failed'])
  })
})

describe('numbers', () => {
  test('are found, bought, set up, rung and given back', async () => {
    const [found] = await here.sdk.availablePhoneNumbers('US').local.list({ areaCode: 415, limit: 3 })
    expect(found?.phoneNumber).toMatch(/^\+1415\d{7}$/)
    const bought = await here.sdk.incomingPhoneNumbers.create({ phoneNumber: found?.phoneNumber ?? '', voiceUrl: `${here.app.url}/answer` })
    expect(bought).toMatchObject({
      phoneNumber: found?.phoneNumber,
      voiceUrl: `${here.app.url}/answer`,
      capabilities: { voice: true, sms: true },
    })
    expect(await here.sdk.availablePhoneNumbers('US').local.list({ areaCode: 415, contains: found?.phoneNumber.slice(2) })).toEqual([])
    await here.sdk.incomingPhoneNumbers(bought.sid).update({ friendlyName: 'Front desk', statusCallback: `${here.app.url}/bought` })
    expect((await here.sdk.incomingPhoneNumbers(bought.sid).fetch()).friendlyName).toBe('Front desk')
    expect((await here.ring({ to: bought.phoneNumber, script: [] })).status).toBe('completed')
    expect(here.app.at('/bought')).toHaveLength(1)
    expect(await refused(here.sdk.incomingPhoneNumbers.create({ phoneNumber: bought.phoneNumber }))).toEqual({ code: 21422, status: 400 })
    expect(await here.sdk.incomingPhoneNumbers(bought.sid).remove()).toBe(true)
    expect(await refused(here.sdk.incomingPhoneNumbers(bought.sid).fetch())).toEqual({ code: 20404, status: 404 })
  })

  test.each([
    [21422, { phoneNumber: '+15005550000' }],
    [21421, { phoneNumber: '+15005550001' }],
    [21452, { areaCode: '533' }],
  ])('cannot be bought: %i', async (code, wanted) => {
    expect(await refused(here.sdk.incomingPhoneNumbers.create(wanted))).toEqual({ code, status: 400 })
  })

  test('toll-free and mobile ones are there where the country has them', async () => {
    expect((await here.sdk.availablePhoneNumbers('US').tollFree.list({ limit: 1 }))[0]?.phoneNumber).toMatch(/^\+18(00|33|44|55)/)
    expect((await here.sdk.availablePhoneNumbers('GB').mobile.list({ limit: 1 }))[0]?.phoneNumber).toMatch(/^\+447/)
    expect(await refused(here.sdk.availablePhoneNumbers('ZZ').local.list())).toEqual({ code: 20404, status: 404 })
  })
})

describe('messages', () => {
  test('are taken, kept, and told as sent and then delivered', async () => {
    const message = await here.sdk.messages.create({
      to: '+447700900123',
      from: here.number,
      body: 'Booked for Wednesday at noon.',
      statusCallback: `${here.app.url}/sms`,
    })
    expect(message).toMatchObject({ status: 'queued', numSegments: '1' })
    await expect.poll(() => here.app.at('/sms').map(({ params }) => params.MessageStatus)).toEqual(['sent', 'delivered'])
    const { body } = await here.control('GET', '/sandbox/messages')
    expect(body.messages).toMatchObject([{ to: '+447700900123', body: 'Booked for Wednesday at noon.' }])
  })

  test.each([
    [21614, { to: '+15005550009' }],
    [21211, { to: 'x' }],
    [21606, { from: '+447700900999' }],
    [21602, { body: '' }],
    [21617, { body: 'a'.repeat(1601) }],
  ])('is refused with %i', async (code, wrong) => {
    expect(await refused(here.sdk.messages.create({ to: '+447700900123', from: here.number, body: 'Hi', ...wrong }))).toEqual({
      code,
      status: 400,
    })
  })
})

describe('faults', () => {
  test('are made on purpose, so many times and no more', async () => {
    await here.control('POST', '/sandbox/faults', { rest: '500', count: 1 })
    expect(await refused(here.sdk.calls.list({ limit: 1 }))).toEqual({ code: 20500, status: 500 })
    expect(await refused(here.sdk.calls.list({ limit: 1 }))).toEqual({ code: 0, status: 0 })
    await here.control('POST', '/sandbox/faults', { rest: '429', count: 1 })
    expect(await refused(here.sdk.calls.list({ limit: 1 }))).toEqual({ code: 20429, status: 429 })
    await here.control('POST', '/sandbox/faults', { rest: 'reset', count: 1 })
    await expect(here.sdk.calls.list({ limit: 1 })).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})

test('the pinned package is the one these promises were checked with', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../node_modules/twilio/package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(version).toMatch(/^6\./)
})
