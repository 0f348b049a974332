// The main job, whole: a sandbox caller rings, talks, and hangs up. What came of it is one appointment, one call with its
// legs and events, one recording that downloads and plays, one transcript, usage, audit and events, the same in both APIs.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeCredentials } from '../../src/founding/credentials.ts'
import { statement } from '../../src/platform/db/index.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

let sandbox: TestSandbox
let house: TestHouse
let token: string
const caller = '+447700900321'

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

interface CallDetails {
  id: string
  status: string
  from: string
  duration: number
  outcome?: string
  legs: { kind?: string; endTime: string | null; hangupCause: string | null }[]
  events: { type: string }[]
  recording: { id: string; url: string; status?: string } | null
  transcript: { speaker: string; text: string }[]
  cost: { amountMicros: number; currency: string }
}
const contactOfCall = statement<{ callId: string }, { contactId: number }>(
  'test_contact_of_call',
  `SELECT contact_id AS "contactId" FROM calls.calls WHERE organization_id = :organizationId AND id = :callId`,
)
const get = async <T>(path: string): Promise<T> => (await (await house.request('GET', path, { token })).json()) as T
const callsFrom = (number: string) =>
  get<{ calls: { id: string; status: string }[]; total: number }>(`/v1/calls?number=${encodeURIComponent(number)}`)

const script = [
  { say: "hi there, I'd like to come in tomorrow at three", confidence: 0.9 },
  { expect: 'name', say: 'Katherine Johnson', confidence: 0.95 },
  { expect: 'book', say: 'yes please', confidence: 0.96 },
  { say: "no, that's all, bye", confidence: 0.9 },
]

describe('a call from a sandbox caller', () => {
  let call: CallDetails

  beforeAll(async () => {
    const { sid } = (await sandbox.post('/sandbox/calls', { to: house.org.phoneNumber, from: caller, script })) as { sid: string }
    await sandbox.get(`/sandbox/calls/${sid}?wait=settled`)
    call = await until('the call to have ended and its recording to be kept', async () => {
      const { calls } = await callsFrom(caller)
      const found = calls[0] ? await get<CallDetails>(`/v1/calls/${calls[0].id}`) : null
      if (!found?.recording || found.status !== 'completed') return null
      const kept = await get<{ size: number | null }>(`/v1/recordings/${found.recording.id}`)
      return kept.size ? found : null
    })
  })

  test('is one call, completed, with legs, events, words and a price', async () => {
    expect((await callsFrom(caller)).total).toBe(1)
    expect(call.legs.length).toBeGreaterThanOrEqual(2)
    expect(call.legs.every((leg) => leg.endTime !== null)).toBe(true)
    const types = call.events.map(({ type }) => type)
    expect(types).toEqual(expect.arrayContaining(['ringing', 'answered', 'recording-started', 'completed']))
    expect(call.transcript.filter(({ speaker }) => speaker === 'caller').map(({ text }) => text)).toContain('Katherine Johnson')
    expect(call.cost.amountMicros).toBeGreaterThan(0)
    expect(call.duration).toBeGreaterThan(0)
  })

  test('is one appointment in bella, which names the call', async () => {
    const response = await house.request('GET', '/appointments?limit=100', { key: house.org.apiKey })
    const { appointments } = (await response.json()) as {
      appointments: { mobile: string; call_id: string; full_name: string; user_id: number }[]
    }
    const own = appointments.filter(({ mobile }) => mobile === caller)
    expect(own).toMatchObject([{ full_name: 'Katherine Johnson', call_id: call.id }])
    const contact = await house.session().read(contactOfCall, { callId: call.id })
    expect(contact?.contactId).toBe(own[0]?.user_id)
  })

  test('has a recording that downloads and plays', async () => {
    const { recordings } = await get<{ recordings: { id: string; duration: number; size: number; format: string }[] }>(
      `/v1/recordings?callId=${call.id}`,
    )
    expect(recordings).toHaveLength(1)
    const redirect = await house.request('GET', `/v1/recordings/${recordings[0]?.id}/download`, { token })
    expect(redirect.status).toBe(302)
    const audio = await fetch(redirect.headers.get('location') ?? '')
    const wav = Buffer.from(await audio.arrayBuffer())
    expect(audio.headers.get('content-disposition')).toMatch(/^attachment/)
    expect([wav.toString('latin1', 0, 4), wav.toString('latin1', 8, 12)]).toEqual(['RIFF', 'WAVE'])
    expect(wav.length).toBe(recordings[0]?.size)
    const bytesPerSecond = wav.readUInt32LE(28)
    expect(Math.abs(wav.length / bytesPerSecond - (recordings[0]?.duration ?? 0))).toBeLessThan(1.5)
  })

  test('is billed, audited and told, without a hole and without a second time', async () => {
    expect((await house.house.audit.verify()).findings).toEqual([])
    const { default: pg } = await import('pg')
    const database = new pg.Client({ connectionString: house.databaseUrl })
    await database.connect()
    try {
      const usage = await database.query('SELECT kind, count(*)::int AS count FROM billing.usage WHERE call_id = $1 GROUP BY kind', [
        call.id,
      ])
      expect(usage.rows).toEqual(
        expect.arrayContaining([
          { kind: 'voice.inbound', count: 1 },
          { kind: 'speech', count: 4 },
        ]),
      )
      const events = await database.query('SELECT type, seq FROM platform.events WHERE organization_id = 100 ORDER BY seq')
      const types = events.rows.map(({ type }) => type)
      for (const type of ['call.started', 'call.answered', 'appointment.created', 'call.completed', 'recording.available'])
        expect(types).toContain(type)
      expect(events.rows.map(({ seq }) => Number(seq))).toEqual(events.rows.map((_, index) => index + 1))
    } finally {
      await database.end()
    }
  })
})

test('./patchbay call holds the same conversation from the terminal', async () => {
  const { settings } = house.house
  writeCredentials(settings.dataFolder, {
    baseUrl: house.url,
    organizationId: 100,
    admin: house.org.admin,
    oauth: { ...house.org.oauth, audience: house.house.tokens.audience },
    apiKey: house.org.apiKey,
    twilio: { accountSid: sandbox.accountSid, authToken: sandbox.authToken, phoneNumber: house.org.phoneNumber },
    sandbox: { baseUrl: sandbox.baseUrl },
  })
  const words = ["hi, I'd like to come in on friday at eleven, my name is Mary Jackson", 'yes', 'no thanks, bye']
  const { stdout } = await promisify(execFile)('./patchbay', ['call', house.org.phoneNumber ?? '', ...words], {
    env: { ...process.env, PATCHBAY_DATA: settings.dataFolder },
  })
  expect(stdout).toContain('booked')
  const booked = await until('the call from the terminal', async () => {
    const { calls } = await callsFrom('+447700900999')
    return calls.find(({ status }) => status === 'completed')
  })
  expect(booked.id).toBeTruthy()
  const response = await house.request('GET', '/appointments?limit=100', { key: house.org.apiKey })
  const { appointments } = (await response.json()) as { appointments: { call_id: string; full_name: string }[] }
  expect(appointments.find(({ call_id }) => call_id === booked.id)).toMatchObject({ full_name: 'Mary Jackson' })
})
