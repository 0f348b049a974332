// The telephone as bella's document shows it to a carrier: the two documented addresses, signed form posts, TwiML.
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../../src/platform/time/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { authToken } from '../voice/carrier.ts'
import { asker, type Reply, replyOf, type Wire } from './asking.ts'

// A Tuesday, half past three in London.
const clock = movableClock('2025-09-30T14:30:00Z')
let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse({ clock, env: { TRUSTED_PROXIES: '127.0.0.1' } })
  token = await house.token()
})
afterAll(() => house?.close())

const ask = asker(
  () => house,
  () => ({ token, key: house.org.apiKey }),
)

async function post(path: string, params: Record<string, string>, headers: Record<string, string> = {}, url = house.url): Promise<Reply> {
  const signature = twilio.getExpectedTwilioSignature(authToken, `${url}${path}`, params)
  return replyOf(await house.request('POST', path, { form: params, headers: { 'x-twilio-signature': signature, ...headers } }))
}

let calls = 0
/** A caller whose carrier knows the documented addresses only. */
async function ring() {
  const CallSid = `CA${(++calls).toString(16).padStart(32, 'a')}`
  const From = `+4477009001${String(calls).padStart(2, '0')}`
  const base = { CallSid, From, To: house.org.phoneNumber ?? '' }
  const greeting = await post('/twilio/voice', { ...base, CallStatus: 'ringing' })
  expect([greeting.status, greeting.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^(text|application)\/xml/)])
  const collect = async (more: Record<string, string>): Promise<string> => {
    clock.advance(5)
    const { status, text } = await post('/twilio/voice/collect', { ...base, ...more })
    expect([status, text.startsWith('<?xml')]).toEqual([200, true])
    return text
  }
  return {
    CallSid,
    From,
    base,
    greeting: greeting.text,
    say: (SpeechResult: string, Confidence = '0.92') => collect({ SpeechResult, Confidence }),
    press: (Digits: string) => collect({ Digits }),
    quiet: () => collect({}),
    collect,
    end: () => post('/twilio/voice/status', { ...base, CallStatus: 'completed', CallDuration: '42' }),
    appointments: async (): Promise<Wire[]> =>
      (await ask('GET', '/appointments?limit=500')).body.appointments.filter(({ mobile }: Wire) => mobile === From),
    call: async (): Promise<Wire> => (await ask('GET', `/v1/calls?number=${encodeURIComponent(From)}`)).body.calls[0],
  }
}
async function booked(when: string, name = 'Ada Lovelace') {
  const line = await ring()
  await line.say(`hello, it's ${name}, I would like to book an appointment ${when}`)
  await line.say('yes please')
  return line
}

describe('a caller', () => {
  test('is greeted and listened to; name, day and time are read back, and only then booked', async () => {
    const line = await ring()
    expect(line.greeting).toMatch(/<Gather[^>]+action="[^"]*\/twilio\/voice\/collect/)
    expect(line.greeting).toContain('Acme Corporation')
    await line.say('I would like to make an appointment')
    await line.say('my name is Grace Hopper')
    const readBack = await line.say('next monday at ten in the morning')
    for (const word of ['Grace Hopper', 'Monday', '6th of October', '10']) expect(readBack).toContain(word)
    expect(await line.appointments()).toEqual([])
    await line.say('yes')
    expect(await line.appointments()).toMatchObject([
      { full_name: 'Grace Hopper', starts_at: '2025-10-06T09:00:00Z', duration_min: 30, status: 'booked' },
    ])
    expect(await line.say('no thanks, goodbye')).toContain('<Hangup/>')
    await line.end()
    const call = await line.call()
    expect(call).toMatchObject({ direction: 'inbound', from: line.From, status: 'completed', outcome: 'booked' })
    expect((await line.appointments())[0].call_id).toBe(call.id)
  })

  test('may say all at once and correct themselves', async () => {
    const line = await ring()
    await line.say("it's Alan Turing, can I come in on thursday at eleven")
    expect(await line.say('no, friday')).toContain('Friday')
    await line.say('yes')
    expect(await line.appointments()).toMatchObject([{ full_name: 'Alan Turing', starts_at: '2025-10-03T10:00:00Z' }])
  })

  test('who asks what is free is offered times that are free', async () => {
    const line = await ring()
    const offer = await line.say('what do you have free next wednesday?')
    expect(offer).toMatch(/Wednesday/)
    const { slots } = (await ask('GET', '/appointments/availability?from=2025-10-08&to=2025-10-08')).body
    expect(slots.length).toBeGreaterThan(0)
  })

  test('is not given a time that is taken or a day that is closed, and hears what is near', async () => {
    const first = await booked('on tuesday the seventh of october at two pm')
    expect(await first.appointments()).toHaveLength(1)
    const second = await booked('on tuesday the seventh of october at two pm', 'Mary Jackson')
    for (const { starts_at } of await second.appointments()) expect(starts_at).not.toBe('2025-10-07T13:00:00Z')
    const sunday = await ring()
    await sunday.say("it's Carl Sagan, sunday at ten please")
    for (const { starts_at } of await sunday.appointments()) expect(new Date(starts_at).getUTCDay()).not.toBe(0)
  })

  test('may move and cancel what they booked, in another call', async () => {
    const line = await booked('on thursday the ninth of october at three pm')
    await line.say('bye')
    const again = async (words: string[]) => {
      const CallSid = `CA${(++calls).toString(16).padStart(32, 'b')}`
      await post('/twilio/voice', { ...line.base, CallSid, CallStatus: 'ringing' })
      for (const SpeechResult of words) await post('/twilio/voice/collect', { ...line.base, CallSid, SpeechResult, Confidence: '0.9' })
    }
    await again(['I need to move my appointment', 'friday the tenth of october at four pm', 'yes'])
    expect(await line.appointments()).toMatchObject([{ starts_at: '2025-10-10T15:00:00Z', status: 'booked' }])
    await again(['please cancel my appointment', 'yes'])
    expect(await line.appointments()).toMatchObject([{ status: 'cancelled' }])
  })

  test('who stays silent is asked twice more, and then put through or to voicemail', async () => {
    const line = await ring()
    expect(await line.quiet()).toContain('<Gather')
    expect(await line.quiet()).toContain('<Gather')
    expect(await line.quiet()).toMatch(/<Record|<Dial/)
  })

  test('who leaves a message is on the line until they hang up, whatever is told first', async () => {
    const afterEnd = async (line: Awaited<ReturnType<typeof ring>>, inOrder: boolean) => {
      const answered = Date.parse((await line.call()).answerTime)
      const later = (seconds: number) => new Date(answered + seconds * 1000).toUTCString()
      const recording = {
        RecordingSid: `RE${line.CallSid.slice(2)}`,
        RecordingUrl: 'http://127.0.0.1:9/message',
        RecordingStatus: 'completed',
      }
      const message = { ...line.base, ...recording, RecordingDuration: '20', RecordingStartTime: later(30) }
      const end = { ...line.base, CallStatus: 'completed', CallDuration: '54', Timestamp: later(54) }
      const told = [
        ['/twilio/voice/recording?kind=voicemail', message],
        ['/twilio/voice/status', end],
      ] as const
      for (const [path, params] of inOrder ? told : told.toReversed()) expect((await post(path, params)).status).toBeLessThan(300)
      const call = await line.call()
      const { legs } = (await ask('GET', `/v1/calls/${call.id}`)).body
      const ends = [call.endTime, ...legs.map(({ endTime }: Wire) => endTime)].map((time) => (Date.parse(time) - answered) / 1000)
      return [call.status, call.duration, ...ends]
    }
    for (const inOrder of [true, false]) {
      const line = await ring()
      for (const _ of [1, 2, 3]) await line.quiet()
      expect(await afterEnd(line, inOrder)).toEqual(['voicemail', 54, 54, 54, 54])
    }
  })

  test('who asks for a person is put through to one who can be rung, and the call says so', async () => {
    const mobile = '+447700900777'
    await ask('PUT', `/v1/users/${house.org.adminId}`, { json: { mobile } })
    const line = await ring()
    const answer = await line.say('can I speak to a person please')
    expect(answer).toMatch(/<Dial/)
    expect(answer).toContain(mobile)
    const call = await line.call()
    const { events } = (await ask('GET', `/v1/calls/${call.id}`)).body
    expect([call.outcome, events.map(({ type }: Wire) => type)]).toEqual(['transferred', expect.arrayContaining(['transferred'])])
    await ask('PUT', `/v1/users/${house.org.adminId}`, { json: { mobile: null } })
  })

  test('with voicemail switched off is not sent there', async () => {
    const settings = (json: object) => ask('PUT', '/v1/organizations/100/settings', { json })
    await settings({ voicemailEnabled: false })
    const line = await ring()
    for (const _ of [1, 2]) await line.quiet()
    expect(await line.quiet()).not.toContain('<Record')
    await settings({ voicemailEnabled: true })
  })

  test('is recorded unless that is switched off', async () => {
    const settings = (json: object) => ask('PUT', '/v1/organizations/100/settings', { json })
    expect((await ring()).greeting).toContain('<Recording')
    await settings({ recordingEnabled: false })
    expect((await ring()).greeting).not.toContain('<Recording')
    await settings({ recordingEnabled: true })
  })

  test('may press keys', async () => {
    const line = await ring()
    const pressed = await line.press('0')
    expect(pressed).toMatch(/<Dial|<Record|<Gather/)
    expect((await ask('GET', `/v1/calls/${(await line.call()).id}`)).body.events.map(({ type }: Wire) => type)).toContain('dtmf')
  })

  test('whose words come with a recording and no text is asked again while nothing can be heard in it', async () => {
    const line = await ring()
    const answer = await line.collect({ RecordingUrl: 'http://127.0.0.1:9/nothing', RecordingSid: `RE${'1'.repeat(32)}` })
    expect(answer).toMatch(/<Gather/)
  })
})

describe('a post', () => {
  test('that tells of a call before it is announced does not cost the caller their greeting', async () => {
    const params = { CallSid: `CA${'d'.repeat(32)}`, From: '+447700900814', To: house.org.phoneNumber ?? '' }
    expect((await post('/twilio/voice/status', { ...params, CallStatus: 'ringing' })).status).toBeLessThan(300)
    const announced = { ...params, CallStatus: 'ringing' }
    const [one, two] = await Promise.all([post('/twilio/voice', announced), post('/twilio/voice', announced)])
    expect(one.text).toContain('Acme Corporation')
    expect(two.text).toBe(one.text)
    const { calls, total } = (await ask('GET', `/v1/calls?number=${encodeURIComponent(params.From)}`)).body
    expect([total, calls[0].status]).toEqual([1, 'in_progress'])
    const { legs } = (await ask('GET', `/v1/calls/${calls[0].id}`)).body
    expect(legs.map(({ kind }: Wire) => kind)).toEqual(['caller', 'agent'])
  })

  test('twice is answered the same and books once', async () => {
    const line = await ring()
    await line.say("it's Ada Byron, tomorrow at four please")
    const first = await line.say('yes please')
    const params = { ...line.base, SpeechResult: 'yes please', Confidence: '0.92' }
    expect((await post('/twilio/voice/collect', params)).text).toBe(first)
    expect(await line.appointments()).toHaveLength(1)
    expect((await post('/twilio/voice', { ...line.base, CallStatus: 'ringing' })).text).toBe(line.greeting)
  })

  test('is 403 unsigned, signed by another, or changed after it was signed', async () => {
    const params = { CallSid: `CA${'f'.repeat(32)}`, From: '+447700900811', To: house.org.phoneNumber ?? '' }
    const good = twilio.getExpectedTwilioSignature(authToken, `${house.url}/twilio/voice`, params)
    const other = twilio.getExpectedTwilioSignature('another', `${house.url}/twilio/voice`, params)
    const attempt = async (signature: string | null, form: Record<string, string> = params) => {
      const headers: Record<string, string> = signature === null ? {} : { 'x-twilio-signature': signature }
      return (await house.request('POST', '/twilio/voice', { form, headers })).status
    }
    expect(await attempt(null)).toBe(403)
    expect(await attempt(other)).toBe(403)
    expect(await attempt(good, { ...params, From: '+447700900812' })).toBe(403)
    expect(await attempt(good, { ...params, Extra: '1' })).toBe(403)
    expect((await ask('GET', `/v1/calls?number=${encodeURIComponent(params.From)}`)).body.total).toBe(0)
    expect(await attempt(good)).toBe(200)
  })

  test('is verified by its public address behind a proxy that is trusted', async () => {
    const params = { CallSid: `CA${'e'.repeat(32)}`, From: '+447700900813', To: house.org.phoneNumber ?? '' }
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'voice.example' }
    expect((await post('/twilio/voice', params, forwarded, 'https://voice.example')).status).toBe(200)
    expect((await post('/twilio/voice', params, {}, 'https://voice.example')).status).toBe(403)
  })
})
