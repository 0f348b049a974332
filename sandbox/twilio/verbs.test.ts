// The verbs beyond Say and Gather: Record, Dial, Play, Pause, Enqueue, Connect.
import { afterEach, describe, expect, test } from 'vitest'
import { readWav, writeWav } from '../audio/wav.ts'
import { type Got, type Reply, type Stage, stage } from '../stage.ts'

const running: Stage[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})

async function on(documents: Record<string, string | ((got: Got) => Reply)>): Promise<Stage> {
  const one = await stage((got) => {
    const document = documents[got.path]
    if (document === undefined) return { status: 204 }
    return typeof document === 'string' ? `<Response>${document}</Response>` : document(got)
  })
  running.push(one)
  return one
}

const wavOf = async (here: Stage, url: string | undefined) => {
  const { accountSid, authToken } = here.world.settings
  const response = await fetch(`${url}.wav`, {
    headers: { authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}` },
  })
  return readWav(Buffer.from(await response.arrayBuffer()))
}

describe('Record', () => {
  const machine =
    '<Say>Leave a message.</Say><Record action="/done" maxLength="60" recordingStatusCallback="/kept" transcribe="true" transcribeCallback="/text"/>'

  test('keeps what the caller says, and nothing of what was played', async () => {
    const here = await on({ '/voice': machine, '/done': '<Hangup/>' })
    await here.ring({ script: [{ say: 'This is Ravi, please call me back.' }] })
    const done = here.app.at('/done')[0]?.params
    expect(done).toMatchObject({ Digits: '', RecordingUrl: expect.stringContaining('/Recordings/RE') })
    const wav = await wavOf(here, done?.RecordingUrl)
    expect(wav?.words).toBe('This is Ravi, please call me back.')
    expect(Math.round((wav?.durationMs ?? 0) / 1000)).toBe(Number(done?.RecordingDuration))
    expect(here.app.at('/kept')[0]?.params).toMatchObject({
      RecordingStatus: 'completed',
      RecordingSource: 'RecordVerb',
      RecordingChannels: '1',
    })
    expect(here.app.at('/text')[0]?.params).toMatchObject({
      TranscriptionText: 'This is Ravi, please call me back.',
      TranscriptionStatus: 'completed',
    })
  })

  test('a caller who hangs up has left a message all the same: the action is told, with Digits hangup', async () => {
    const here = await on({ '/voice': machine, '/done': '<Say>Nobody hears this.</Say>' })
    const call = await here.ring({ script: [{ hangup: true }] })
    expect(call.heard).toEqual(['Leave a message.'])
    expect(here.app.at('/done')).toHaveLength(0)
    const talker = await on({ '/voice': machine, '/done': '<Say>Nobody hears this.</Say>' })
    const { body } = await talker.control('POST', '/sandbox/calls', { to: talker.number, interactive: true })
    await talker.control('POST', `/sandbox/calls/${body.sid}/say`, { text: 'One two three' })
    await expect.poll(async () => (await talker.control('GET', `/sandbox/calls/${body.sid}`)).body.said).toEqual(['One two three'])
    await talker.control('POST', `/sandbox/calls/${body.sid}/hangup`)
    await talker.settled(body.sid)
    expect(talker.app.at('/done').map(({ params }) => [params.Digits, params.CallStatus])).toEqual([['hangup', 'completed']])
  })
})

describe('Dial', () => {
  const dial = (inside: string, attributes = '') => ({
    '/voice': `<Dial action="/after" callerId="+441615550100" ${attributes}>${inside}</Dial>`,
    '/after': '<Say>Back again.</Say>',
  })

  test.each([
    ['+15005550100', 'completed', 'true'],
    ['+15005550101', 'busy', 'false'],
    ['+15005550102', 'no-answer', 'false'],
    ['+15005550103', 'failed', 'false'],
  ])('%s: DialCallStatus %s', async (to, status, bridged) => {
    const here = await on(dial(`<Number>${to}</Number>`))
    const call = await here.ring({ script: [] })
    expect(here.app.at('/after')[0]?.params).toMatchObject({ DialCallStatus: status, DialBridged: bridged })
    expect(call.heard.at(-1)).toBe('Back again.')
    expect(call.events).toContainEqual({ type: 'transfer', to })
  })

  test('the leg is a call of its own, with its parent, its callbacks and its duration', async () => {
    const here = await on(
      dial('<Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+447700900777</Number>'),
    )
    const call = await here.ring({ script: [] })
    const [leg] = await here.sdk.calls.list({ parentCallSid: call.sid })
    expect(leg).toMatchObject({
      direction: 'outbound-dial',
      to: '+447700900777',
      from: '+441615550100',
      status: 'completed',
      duration: '20',
    })
    expect(here.app.at('/after')[0]?.params).toMatchObject({ DialCallSid: leg?.sid, DialCallDuration: '20' })
    await expect
      .poll(() => here.app.at('/leg').map(({ params }) => params.CallStatus))
      .toEqual(['initiated', 'ringing', 'in-progress', 'completed'])
    expect(here.app.at('/leg')[0]?.params.ParentCallSid).toBe(call.sid)
  })

  test('rings several at once: the quickest has the call, the others are canceled', async () => {
    const here = await on(
      dial('<Number>+15005550107</Number><Number>+15005550114</Number><Client>ada</Client>', 'timeout="30" timeLimit="10"'),
    )
    const call = await here.ring({ script: [] })
    const legs = await here.sdk.calls.list({ parentCallSid: call.sid })
    expect(new Map(legs.map((leg) => [leg.to, leg.status]))).toEqual(
      new Map([
        ['client:ada', 'canceled'],
        ['+15005550114', 'completed'],
        ['+15005550107', 'canceled'],
      ]),
    )
  })

  test('can be recorded, and the action is told where', async () => {
    const here = await on(dial('<Number>+15005550100</Number>', 'record="record-from-answer-dual" recordingStatusCallback="/rec"'))
    await here.ring({ script: [] })
    const wav = await wavOf(here, here.app.at('/after')[0]?.params.RecordingUrl)
    expect(wav?.channels).toBe(2)
    expect(Math.round((wav?.durationMs ?? 0) / 1000)).toBe(20)
    expect(here.app.at('/rec')[0]?.params).toMatchObject({ RecordingSource: 'DialVerb', RecordingDuration: '20' })
  })

  test('a whisper is heard by the called party alone', async () => {
    const here = await on({ ...dial('<Number url="/whisper">+15005550100</Number>'), '/whisper': '<Say>A call for sales.</Say>' })
    const call = await here.ring({ script: [] })
    expect(call.heard).not.toContain('A call for sales.')
    expect(here.app.at('/whisper')[0]?.params.ParentCallSid).toBe(call.sid)
  })

  test('a caller who hangs up while it rings ends the legs, and the action is still told', async () => {
    const here = await on(dial('<Number>+15005550102</Number>'))
    const { body } = await here.control('POST', '/sandbox/calls', { to: here.number, interactive: true, speed: 1 })
    await expect
      .poll(async () => (await here.control('GET', `/sandbox/calls/${body.sid}`)).body.events.some((event) => event.type === 'transfer'))
      .toBe(true)
    await here.control('POST', `/sandbox/calls/${body.sid}/hangup`)
    await here.settled(body.sid)
    expect(here.app.at('/after')[0]?.params).toMatchObject({ DialCallStatus: 'canceled', CallStatus: 'completed' })
    expect((await here.sdk.calls.list({ parentCallSid: body.sid }))[0]?.status).toBe('canceled')
  })
})

describe('the rest', () => {
  test('Play plays what is at the address, for as long as it lasts', async () => {
    const wav = writeWav([new Int16Array(8_000 * 3)], 8_000, 'Music')
    const here = await on({ '/voice': '<Play>/hold.wav</Play>', '/hold.wav': () => ({ status: 200, type: 'audio/wav', body: wav }) })
    const call = await here.ring({ script: [] })
    expect(call.heard).toEqual(['Music'])
    expect(call.events.find((event) => event.type === 'ended')?.duration).toBe(3)
  })

  test('Play of what is not there is an error, and the call goes on', async () => {
    const here = await on({ '/voice': '<Play>/gone.wav</Play><Say>Still here.</Say>', '/gone.wav': () => ({ status: 404 }) })
    const call = await here.ring({ script: [] })
    expect(call.heard).toEqual(['Still here.'])
    expect(call.events).toContainEqual(expect.objectContaining({ type: 'error', code: 11_200 }))
  })

  test('Pause lets time pass, Hangup ends the document', async () => {
    const here = await on({ '/voice': '<Pause length="7"/><Hangup/><Say>Never.</Say>' })
    const call = await here.ring({ script: [] })
    expect(call.heard).toEqual([])
    expect(call.events.find((event) => event.type === 'ended')?.duration).toBe(7)
  })

  test('Enqueue waits through its music and tells the action that the caller left', async () => {
    const here = await on({
      '/voice': '<Enqueue waitUrl="/music" action="/left">sales</Enqueue>',
      '/music': '<Say>You are first.</Say><Leave/>',
      '/left': '<Hangup/>',
    })
    const call = await here.ring({ script: [] })
    expect(call.heard).toEqual(['You are first.'])
    expect(here.app.at('/left')[0]?.params.QueueResult).toBe('leave')
  })

  test('Connect says plainly that no stream is opened, and the next verb runs', async () => {
    const here = await on({ '/voice': '<Connect><Stream url="wss://example.com/media"/></Connect><Say>Onward.</Say>' })
    const call = await here.ring({ script: [] })
    expect(call.events).toContainEqual(expect.objectContaining({ type: 'error', code: 31_920 }))
    expect(call.heard).toEqual(['Onward.'])
  })

  test('partial results are told while the caller speaks', async () => {
    const here = await on({ '/voice': '<Gather input="speech" partialResultCallback="/partial" action="/all"/>', '/all': '<Hangup/>' })
    await here.ring({ script: [{ say: 'half of this sentence' }] })
    expect(here.app.at('/partial')[0]?.params.UnstableSpeechResult).toBe('half of')
    expect(here.app.at('/all')[0]?.params.SpeechResult).toBe('half of this sentence')
  })

  test('a person called by the API follows the script that was set for their number', async () => {
    const here = await on({
      '/voice': '<Gather input="speech" action="/said"><Say>Is Tuesday still fine?</Say></Gather>',
      '/said': '<Hangup/>',
    })
    await here.control('POST', '/sandbox/people', { number: '+447700900555', script: [{ expect: 'tuesday', say: 'No, make it Friday' }] })
    const call = await here.sdk.calls.create({ to: '+447700900555', from: here.number, url: `${here.app.url}/voice` })
    await here.settled(call.sid)
    expect(here.app.at('/said')[0]?.params).toMatchObject({ SpeechResult: 'No, make it Friday', Direction: 'outbound-api' })
  })
})
