// The voice call through its real door: form posts signed as Twilio signs them, TwiML back (B1, B2).
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { authToken, openLine, signed } from './carrier.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(() => house.close())

interface Appointment {
  full_name: string
  mobile: string | null
  starts_at: string
  status: string
  duration_min: number
}
async function appointmentsOf(mobile: string): Promise<Appointment[]> {
  const response = await house.request('GET', '/appointments?limit=100', { key: house.org.apiKey })
  const { appointments } = (await response.json()) as { appointments: Appointment[] }
  return appointments.filter((appointment) => appointment.mobile === mobile)
}

/** Books with a confirmed read-back. @returns the answer that says so */
async function book(line: ReturnType<typeof openLine>, when: string, name: string): Promise<string> {
  await line.ring()
  await line.say(`hi, it's ${name}, could I come in ${when}`)
  return line.say('yes please')
}

describe('a caller', () => {
  test('says all at once, confirms, and has an appointment', async () => {
    const line = openLine(house)
    const booked = await book(line, 'next wednesday at three in the afternoon', 'Ada Lovelace')
    expect(booked).toContain('booked')
    expect(await line.say("no that's all, bye")).toContain('<Hangup/>')
    expect(await appointmentsOf(line.from)).toMatchObject([{ full_name: 'Ada Lovelace', duration_min: 30, status: 'booked' }])
  })

  test('says it bit by bit, corrects the day, and has the day that was said last', async () => {
    const line = openLine(house)
    await line.ring()
    await line.say("I'd like an appointment")
    await line.say('Siobhan Ó Briain')
    await line.say('next thursday at ten')
    const corrected = await line.say('actually make that friday')
    expect(corrected).toContain('Friday')
    await line.say('yes')
    const [appointment] = await appointmentsOf(line.from)
    expect(new Date(appointment?.starts_at ?? '').getUTCDay()).toBe(5)
    expect(appointment?.full_name).toBe('Siobhan Ó Briain')
  })

  test('books nothing without a confirmation', async () => {
    const line = openLine(house)
    await line.ring()
    await line.say("it's Alan Turing, next tuesday at eleven please")
    await line.say('no, leave it')
    expect(await appointmentsOf(line.from)).toEqual([])
  })

  test('who stays silent is asked twice more and then put through or to voicemail', async () => {
    const line = openLine(house)
    await line.ring()
    expect(await line.stayQuiet()).toContain('<Gather')
    expect(await line.stayQuiet()).toContain('<Gather')
    expect(await line.stayQuiet()).toMatch(/<Record|<Dial/)
  })

  test('asks for a person and, with nobody to ring, may leave a message', async () => {
    const line = openLine(house)
    await line.ring()
    expect(await line.say('can I speak to a real person please')).toContain('<Record')
  })

  test('rings to ask for a cancellation of what was booked before', async () => {
    const first = openLine(house)
    await book(first, 'next monday at four', 'Mary Somerville')
    const again = openLine(house, { from: first.from })
    await again.ring()
    await again.say('I need to cancel my appointment')
    await again.say('yes')
    expect(await appointmentsOf(first.from)).toMatchObject([{ status: 'cancelled' }])
  })
})

describe('a caller who withholds their number', () => {
  const appointments = async () => {
    const response = await house.request('GET', '/appointments?limit=100', { key: house.org.apiKey })
    const { appointments } = (await response.json()) as { appointments: Appointment[] }
    return appointments.filter(({ full_name }) => full_name === 'Katherine Johnson')
  }

  test.each(['anonymous', 'Restricted', '', '+266696687', 'sip:someone@192.0.2.1'])(
    'as "%s" is nobody that called before: not greeted by a name, and told nothing of what another booked',
    async (from) => {
      const before = (await appointments()).length
      const first = openLine(house, { from })
      expect(await book(first, 'next tuesday at half past nine', 'Katherine Johnson')).toContain('booked')
      const second = openLine(house, { from })
      expect(await second.ring()).not.toContain('Katherine')
      const answer = await second.say('I need to cancel my appointment')
      expect(answer).not.toContain('Tuesday')
      await second.say('yes')
      expect((await appointments()).slice(before)).toMatchObject([{ status: 'booked', mobile: null }])

      await first.say('actually, please cancel that appointment')
      await first.say('yes')
      expect((await appointments()).slice(before)).toMatchObject([{ status: 'cancelled' }])
    },
  )
})

describe('a post that comes twice', () => {
  test('gets byte for byte the same TwiML and books once', async () => {
    const line = openLine(house)
    await line.ring()
    await line.say("it's Emmy Noether, next thursday at two in the afternoon")
    const path = line.action()
    const params = { SpeechResult: 'yes please', Confidence: '0.9' }
    const [one, two] = await Promise.all([line.post(path, params), line.post(path, params)])
    const three = await line.post(path, params)
    const texts = [await one.text(), await two.text(), await three.text()]
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toContain('booked')
    expect(await appointmentsOf(line.from)).toHaveLength(1)
  })

  test('late, after the conversation went on, gets the answer of its own turn and changes nothing', async () => {
    const line = openLine(house)
    const greeting = await line.ring()
    const first = line.action()
    const second = await line.say('I want to book an appointment')
    await line.say('Rosalind Franklin')
    const late = await line.post(first, { SpeechResult: 'I want to cancel everything', Confidence: '0.9' })
    expect(await late.text()).toBe(second)
    expect(await (await line.post('/twilio/voice', { CallStatus: 'ringing' })).text()).not.toBe('')
    expect(greeting).toContain('Acme')
    expect(await line.say('next tuesday at nine thirty')).toContain('Rosalind Franklin')
  })

  test('without a turn in its address is known by being the very same post', async () => {
    const line = openLine(house)
    await line.ring()
    const params = { SpeechResult: 'I want to book an appointment', Confidence: '0.9' }
    const one = await (await line.post('/twilio/voice/collect', params)).text()
    const two = await (await line.post('/twilio/voice/collect', params)).text()
    expect(two).toBe(one)
  })
})

describe('what is not a caller', () => {
  test('a post with a wrong signature is refused with 403 and leaves no call behind', async () => {
    const line = openLine(house)
    const params = { CallSid: line.sid, From: line.from, To: house.org.phoneNumber ?? '' }
    const response = await house.request('POST', '/twilio/voice', {
      form: params,
      headers: { 'x-twilio-signature': 'bm90IHRoZSBzaWduYXR1cmU=' },
    })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error_code: 'INVALID_SIGNATURE', correlation_id: response.headers.get('x-request-id') })
    expect((await house.request('POST', '/twilio/voice', { form: params })).status).toBe(403)
  })

  test('a signature covers repeated parameters and the ones we do not know', async () => {
    const pairs: [string, string][] = [
      ['CallSid', `CA${'f'.repeat(32)}`],
      ['From', '+447700900001'],
      ['To', house.org.phoneNumber ?? ''],
      ['Extra', 'a'],
      ['Extra', 'b'],
    ]
    const params = { CallSid: `CA${'f'.repeat(32)}`, From: '+447700900001', To: house.org.phoneNumber ?? '', Extra: ['a', 'b'] }
    const signature = twilio.getExpectedTwilioSignature(authToken, `${house.url}/twilio/voice`, params)
    const response = await house.request('POST', '/twilio/voice', { form: pairs, headers: { 'x-twilio-signature': signature } })
    expect(response.status).toBe(200)
    const changed = await house.request('POST', '/twilio/voice', {
      form: [...pairs, ['Extra', 'c']],
      headers: { 'x-twilio-signature': signature },
    })
    expect(changed.status).toBe(403)
  })

  test('a number that is not ours is turned away', async () => {
    const response = await signed(house, '/twilio/voice', { CallSid: `CA${'e'.repeat(32)}`, From: '+447700900001', To: '+15005559999' })
    expect(await response.text()).toContain('<Reject')
  })

  test('a post without a call is 422 and names the field', async () => {
    const response = await signed(house, '/twilio/voice', { From: '+447700900001', To: house.org.phoneNumber ?? '' })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ detail: [{ loc: ['body', 'CallSid'], type: 'value_error.missing' }] })
  })

  test('words for a call that was never announced are answered all the same', async () => {
    const line = openLine(house)
    const text = await (
      await line.post('/twilio/voice/collect', { SpeechResult: 'I want to book an appointment', Confidence: '0.9' })
    ).text()
    expect(text).toContain('<Gather')
    expect(text).toContain('name')
  })

  test('what a caller says cannot break out of the TwiML', async () => {
    const line = openLine(house)
    await line.ring()
    const answer = await line.say('it\'s <Hangup/> & "Bobby", next tuesday at ten')
    expect(answer.match(/<Hangup/g)).toBeNull()
  })
})
