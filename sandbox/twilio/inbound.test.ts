// Calls to a number hosted here: what the server is asked, in which order, and what the caller hears.
import twilio from 'twilio'
import { afterEach, describe, expect, test } from 'vitest'
import { readWav } from '../audio/wav.ts'
import { type Got, type Reply, type Stage, stage } from '../stage.ts'

const { VoiceResponse } = twilio.twiml

const running: Stage[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})

async function on(reply: (got: Got) => Reply, settings: Parameters<typeof stage>[1] = {}): Promise<Stage> {
  const one = await stage(reply, settings)
  running.push(one)
  return one
}

const says = (text: string) => {
  const response = new VoiceResponse()
  response.say(text)
  return response.toString()
}

function listens(question: string, more: Parameters<InstanceType<typeof VoiceResponse>['gather']>[0] = {}): string {
  const response = new VoiceResponse()
  const gather = response.gather({
    input: ['speech', 'dtmf'],
    action: '/collect',
    timeout: 5,
    speechTimeout: 'auto',
    hints: 'wednesday,noon',
    ...more,
  })
  gather.say(question)
  response.redirect('/silence')
  return response.toString()
}

/** A small booking line: name, day, yes. */
function bookingLine(got: Got): Reply {
  if (got.path === '/voice') {
    const response = new VoiceResponse()
    response.start().recording({ recordingStatusCallback: '/recording', recordingStatusCallbackEvent: ['completed'], channels: 'dual' })
    response.gather({ input: ['speech'], action: '/collect' }).say('Welcome. What is your name?')
    return response.toString()
  }
  if (got.path === '/collect') {
    const said = got.params.SpeechResult ?? ''
    if (/jane/i.test(said)) return listens('Which day would you like?')
    if (/wednesday/i.test(said)) return listens('Wednesday at noon. Is that right?')
    const response = new VoiceResponse()
    response.say('Booked. Goodbye.')
    response.hangup()
    return response.toString()
  }
  return { status: 204 }
}

const bookingScript = [
  { say: "It's Jane Moore" },
  { expect: 'is that right', say: 'Yes please' },
  { expect: 'which day', say: 'Wednesday at noon', confidence: 0.87 },
]

describe('a call to a hosted number', () => {
  test('a scripted caller holds a conversation through Gather, and everything that is posted is signed', async () => {
    const { ring, app } = await on(bookingLine)
    const call = await ring({ from: '+447700900001', script: bookingScript })
    expect(call.status).toBe('completed')
    expect(call.heard).toEqual([
      'Welcome. What is your name?',
      'Which day would you like?',
      'Wednesday at noon. Is that right?',
      'Booked. Goodbye.',
    ])
    expect(call.said).toEqual(["It's Jane Moore", 'Wednesday at noon', 'Yes please'])
    expect(app.got.filter((one) => !one.signed)).toEqual([])
    expect(app.at('/voice')[0]?.params).toMatchObject({
      CallSid: call.sid,
      CallStatus: 'ringing',
      Direction: 'inbound',
      From: '+447700900001',
      To: '+441615550100',
      ApiVersion: '2010-04-01',
    })
    expect(app.at('/collect')[1]?.params).toMatchObject({
      CallStatus: 'in-progress',
      SpeechResult: 'Wednesday at noon',
      Confidence: '0.87000000',
    })
  })

  test('its end is told once, with the duration of the timeline it had', async () => {
    const { ring, app } = await on(bookingLine)
    const call = await ring({ script: bookingScript })
    const [told, ...more] = app.at('/status')
    expect(more).toEqual([])
    expect(told?.params).toMatchObject({
      CallSid: call.sid,
      CallStatus: 'completed',
      CallbackSource: 'call-progress-events',
      SequenceNumber: '0',
    })
    expect(Number(told?.params.CallDuration)).toBeGreaterThan(10)
    expect(told?.params.CallDuration).toBe(
      String(
        call.events.at(-1)?.type === 'ended' ? call.events.at(-1)?.duration : call.events.find((event) => event.type === 'ended')?.duration,
      ),
    )
    expect(told?.params.Timestamp).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/)
  })

  test('its recording is a WAV file of just that length with the words in it, fetched with the credentials', async () => {
    const { ring, app, world } = await on(bookingLine)
    await ring({ script: bookingScript })
    const told = app.at('/recording')[0]?.params
    expect(told).toMatchObject({ RecordingStatus: 'completed', RecordingChannels: '2', RecordingSource: 'StartCallRecordingTwiML' })
    const authorization = `Basic ${Buffer.from(`${world.settings.accountSid}:${world.settings.authToken}`).toString('base64')}`
    const file = await fetch(`${told?.RecordingUrl}.wav`, { headers: { authorization } })
    const wav = readWav(Buffer.from(await file.arrayBuffer()))
    expect(wav).toMatchObject({ channels: 2, sampleRate: 8000, bitsPerSample: 16 })
    expect(Math.round((wav?.durationMs ?? 0) / 1000)).toBe(Number(told?.RecordingDuration))
    expect(wav?.words).toContain("It's Jane Moore Which day would you like? Wednesday at noon")
    expect((await fetch(`${told?.RecordingUrl}.wav`)).status).toBe(401)
  })

  test('a caller who hangs up in mid-sentence hears half of it, and the end is told', async () => {
    const { ring, app } = await on(() => says('This is a long sentence that nobody will hear to its end.'))
    const call = await ring({ script: [{ hangup: true, mid: true }] })
    expect(call.status).toBe('completed')
    expect(call.heard[0]?.length).toBeLessThan(40)
    expect(app.at('/status')).toHaveLength(1)
  })

  test('silence goes on to the verb behind Gather', async () => {
    const { ring, app } = await on((got) => (got.path === '/silence' ? says('Are you there?') : listens('Hello?')))
    const call = await ring({ script: [{ silence: true }] })
    expect(app.at('/collect')).toEqual([])
    expect(call.heard).toEqual(['Hello?', 'Are you there?'])
  })

  test('silence is told to the action when actionOnEmptyResult asks for that', async () => {
    const { ring, app } = await on((got) =>
      got.path === '/collect' ? says('Nothing heard.') : listens('Hello?', { actionOnEmptyResult: true }),
    )
    await ring({ script: [{ silence: true }] })
    expect(app.at('/collect')[0]?.params.Digits).toBe('')
  })

  test('keys are gathered up to numDigits, or to the finishing key', async () => {
    const { ring, app } = await on((got) =>
      got.path === '/collect' && app.at('/collect').length === 2
        ? says('Thank you.')
        : listens('Press keys.', app.at('/collect').length === 0 ? { numDigits: 1 } : {}),
    )
    await ring({ script: [{ press: '12' }, { press: '4711#' }] })
    expect(app.at('/collect').map((one) => [one.params.Digits, one.params.FinishedOnKey])).toEqual([
      ['1', ''],
      ['4711', '#'],
    ])
  })

  test('a first verb Reject leaves the call unanswered: busy, or no-answer', async () => {
    const { ring } = await on((got) =>
      got.path === '/voice' ? `<Response><Reject${got.params.From?.endsWith('1') ? ' reason="busy"' : ''}/></Response>` : { status: 204 },
    )
    expect((await ring({ from: '+447700900001', script: [] })).status).toBe('busy')
    expect((await ring({ from: '+447700900002', script: [] })).status).toBe('no-answer')
  })

  test('six turns at instant speed wait for nobody: what would last half a minute is over at once', async () => {
    const { ring } = await on((got) => (got.path === '/status' ? { status: 204 } : listens('Say something.')))
    await ring({ script: [{ say: 'warm up' }] })
    const startedMs = performance.now()
    await ring({ script: Array.from({ length: 6 }, (_, n) => ({ say: `turn ${n}` })) })
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })
})
