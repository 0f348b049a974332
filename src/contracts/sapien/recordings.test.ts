import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { advanceCall, openCall, type Telephony } from '../../domain/calls/index.ts'
import { fileJobs } from '../../domain/files/index.ts'
import { fetchRecording, reportRecording, setLegalHold } from '../../domain/recordings/index.ts'
import { receiveVoicemail, voicemailJobs } from '../../domain/voicemail/index.ts'
import { factsByHand } from '../../platform/jobs/index.ts'

let house: TestHouse
let token: string
beforeAll(async () => {
  house = await openTestHouse()
  token = await house.token()
})
afterAll(() => house.close())

/** One second of 8 kHz mono PCM with a RIFF header, each byte its own. */
function wav(seed: number): Buffer {
  const samples = Buffer.alloc(16_000, seed)
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + samples.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(8000, 24)
  header.writeUInt32LE(16_000, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.length, 40)
  return Buffer.concat([header, samples])
}

interface Double extends Telephony {
  readonly fetched: string[]
  readonly done: string[]
}
function telephony(audio: Buffer | null): Double {
  const [fetched, done]: string[][] = [[], []]
  const note = (word: string) => async (sid: string) => void done?.push(`${word} ${sid}`)
  return {
    name: 'twilio',
    fetched: fetched ?? [],
    done: done ?? [],
    placeCall: async ({ key }) => ({ sid: `CA-${key}` }),
    hangUp: note('hangUp'),
    redirect: note('redirect'),
    sendMessage: async () => ({ sid: 'SM1' }),
    startRecording: async () => ({ recordingSid: 'RE1' }),
    pauseRecording: note('pause'),
    resumeRecording: note('resume'),
    stopRecording: note('stop'),
    fetchCall: async () => null,
    fetchRecording: async (sid) => {
      fetched?.push(sid)
      return audio && { body: Readable.from([audio]), contentType: 'audio/x-wav', durationS: 61, channels: 1 }
    },
  }
}

let made = 0
async function makeCall(userId: number | null = null) {
  const sid = `CA-rec-${++made}`
  const at = new Date('2026-11-20T10:00:00Z')
  const { callId } = await openCall(house.session(), {
    direction: 'inbound',
    from: '+441632960111',
    to: '+15005550006',
    provider: 'twilio',
    sid,
    at,
    status: 'in_progress',
    userId,
    legs: [{ kind: 'caller', number: '+441632960111' }],
  })
  return callId
}
async function makeRecording(userId: number | null = null, audio = wav(7)) {
  const callId = await makeCall(userId)
  const session = house.session()
  const report = { callId, provider: 'twilio', sid: `RE-${made}`, startedAt: new Date('2026-11-20T10:00:01Z') }
  const id = await reportRecording(session, { ...report, status: 'completed' })
  await fetchRecording(session, report, { ...house.house, telephony: telephony(audio) }, false)
  return { id, callId, sid: report.sid }
}
interface Body {
  id: string
  recordings: { id: string }[]
  voicemails: { id: string }[]
  url: string
  error: unknown
  recording: unknown
  [member: string]: unknown
}
async function ask(method: string, path: string, as = token) {
  const response = await house.request(method, path, { token: as, ...(method === 'POST' ? { json: {} } : {}) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as Body }
}

/** What a job does after a removal. */
async function collect(key: string) {
  for (const job of fileJobs(house.house)) await job.handle(house.session(), { key }, factsByHand(house.session()))
}

describe('a recording', () => {
  test('is fetched once, however often and in whatever order it is reported', async () => {
    const callId = await makeCall()
    const session = house.session()
    const services = { ...house.house, telephony: telephony(wav(1)) }
    const report = { callId, provider: 'twilio', sid: 'RE-once', startedAt: new Date('2026-11-20T10:00:01Z') }
    const ids = await Promise.all(
      (['completed', 'in_progress', 'completed', 'completed'] as const).map((status) => reportRecording(session, { ...report, status })),
    )
    expect(new Set(ids).size).toBe(1)
    await Promise.all([1, 2, 3].map(() => fetchRecording(session, report, services, false)))
    await fetchRecording(session, report, services, false)
    await reportRecording(session, { ...report, status: 'in_progress' })
    const { body } = await ask('GET', `/v1/recordings/${ids[0]}`)
    expect(body).toMatchObject({ callId, status: 'available', duration: 61, size: 16_044, format: 'wav', channels: 1 })
    const { body: storage } = await ask('GET', '/v1/storage')
    expect(storage).toMatchObject({ types: { recording: { files: 1, bytes: 16_044 } } })
    const { body: call } = await ask('GET', `/v1/calls/${callId}`)
    expect(call.recording).toMatchObject({ id: ids[0], duration: 61, url: body.url })
  })

  test('that the provider has not finished is asked for again, and given up at the last attempt', async () => {
    const callId = await makeCall()
    const report = { callId, provider: 'twilio', sid: 'RE-never', startedAt: new Date('2026-11-20T10:00:01Z') }
    const id = await reportRecording(house.session(), { ...report, status: 'completed' })
    const services = { ...house.house, telephony: telephony(null) }
    await expect(fetchRecording(house.session(), report, services, false)).rejects.toThrow('no file')
    await fetchRecording(house.session(), report, services, true)
    expect((await ask('GET', `/v1/recordings/${id}`)).body).toMatchObject({ status: 'failed', url: null })
    expect((await ask('GET', `/v1/recordings/${id}/download`)).status).toBe(409)
  })

  test('is listed as the seed shows it, by call, person and time', async () => {
    const { id, callId } = await makeRecording(house.org.adminId)
    const { body } = await ask('GET', `/v1/recordings?callId=${callId}`)
    expect(body).toMatchObject({ total: 1, limit: 20, offset: 0 })
    expect(body.recordings[0]).toMatchObject({
      id,
      callId,
      duration: 61,
      size: 16_044,
      format: 'wav',
      url: `${house.url}/v1/recordings/${id}/download`,
    })
    expect((await ask('GET', `/v1/recordings?userId=${house.org.adminId}&from=2026-11-20T10:00:00Z`)).body.recordings).toMatchObject([
      { id },
    ])
    expect((await ask('GET', '/v1/recordings?to=2026-11-20T10:00:00Z')).body.recordings).toEqual([])
    expect((await ask('GET', '/v1/recordings?from=soon')).body.error).toMatchObject({ details: [{ field: 'from' }] })
  })

  test('is downloaded by a link that needs no token, whole and in parts, byte for byte', async () => {
    const audio = wav(42)
    const { id } = await makeRecording(null, audio)
    const { status, headers } = await ask('GET', `/v1/recordings/${id}/download`)
    expect(status).toBe(302)
    const link = headers.get('location') ?? ''
    const whole = await fetch(link)
    expect(Buffer.from(await whole.arrayBuffer()).equals(audio)).toBe(true)
    expect(whole.headers.get('content-type')).toBe('audio/wav')
    expect(whole.headers.get('content-disposition')).toContain(`filename="recording-${id}.wav"`)
    const etag = whole.headers.get('etag') ?? ''
    expect((await fetch(link, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const part = await fetch(link, { headers: { range: 'bytes=40-49' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 40-49/16044'])
    expect(Buffer.from(await part.arrayBuffer()).equals(audio.subarray(40, 50))).toBe(true)
    const tail = await fetch(link, { headers: { range: 'bytes=-4' } })
    expect(Buffer.from(await tail.arrayBuffer()).equals(audio.subarray(-4))).toBe(true)
    expect((await fetch(link, { headers: { range: 'bytes=99999-' } })).status).toBe(416)
    expect((await fetch(link, { headers: { range: 'bytes=0-3', 'if-range': '"another"' } })).status).toBe(200)
    const head = await fetch(link, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '16044'])
    expect((await fetch(`${link}x`)).status).toBe(410)
  })

  test('under legal hold stays; let go, it is removed with its bytes', async () => {
    const { id } = await makeRecording()
    const link = (await ask('GET', `/v1/recordings/${id}/download`)).headers.get('location') ?? ''
    await setLegalHold(house.session(), id, true, house.house)
    expect(await ask('DELETE', `/v1/recordings/${id}`)).toMatchObject({ status: 409, body: { error: { code: 'recording_held' } } })
    await setLegalHold(house.session(), id, false, house.house)
    expect((await ask('DELETE', `/v1/recordings/${id}`)).status).toBe(204)
    expect((await ask('GET', `/v1/recordings/${id}`)).status).toBe(404)
    expect((await ask('DELETE', `/v1/recordings/${id}`)).status).toBe(404)
    await collect(`100/blobs/${id}`)
    expect((await fetch(link)).status).toBe(410)
  })

  test('its file cannot be removed behind its back', async () => {
    const { id } = await makeRecording()
    expect(await ask('DELETE', `/v1/blobs/${id}`)).toMatchObject({ status: 409, body: { error: { code: 'blob_in_use' } } })
    await collect(`100/blobs/${id}`)
    const { headers } = await ask('GET', `/v1/recordings/${id}/download`)
    expect((await fetch(headers.get('location') ?? '')).status).toBe(200)
  })

  test('is seen by its person and by those who see everything, and by nobody else, cached or not', async () => {
    const { id } = await makeRecording(house.org.adminId)
    const own = await house.token({ subject: `user:${house.org.adminId}`, roles: ['user'] })
    const stranger = await house.token({ subject: 'user:424242', roles: ['user'] })
    const foreign = await house.token({ organizationId: 200 })
    for (let time = 0; time < 2; time++) {
      expect((await ask('GET', `/v1/recordings/${id}`, own)).status).toBe(200)
      expect((await ask('GET', `/v1/recordings/${id}`, stranger)).status).toBe(404)
      expect((await ask('GET', `/v1/recordings/${id}`, foreign)).status).toBe(404)
      expect((await ask('GET', `/v1/recordings/${id}/download`, stranger)).status).toBe(404)
      expect((await ask('GET', `/v1/blobs/${id}`, own)).status).toBe(404)
    }
    expect((await ask('DELETE', `/v1/recordings/${id}`, own)).status).toBe(403)
    expect((await ask('GET', '/v1/recordings', stranger)).body.recordings).toEqual([])
  })

  test('as mp3 without ffmpeg is 406', async () => {
    const { id } = await makeRecording()
    const { status, body } = await ask('GET', `/v1/recordings/${id}/download?format=mp3`)
    if (status !== 200) expect({ status, body }).toMatchObject({ status: 406, body: { error: { code: 'format_unavailable' } } })
  })
})

describe('voicemail', () => {
  const leave = async (userId: number | null = null) => {
    const callId = await makeCall(userId)
    const left = { callId, sid: `RE-vm-${made}`, durationS: 45, at: new Date('2026-11-20T10:01:00Z') }
    return { id: (await receiveVoicemail(house.session(), left)) ?? '', callId, left }
  }

  test('reported twice is one message, and its call ended with it', async () => {
    const { id, callId, left } = await leave()
    expect(await receiveVoicemail(house.session(), left)).toBeNull()
    await advanceCall(house.session(), callId, { status: 'completed', at: new Date('2026-11-20T10:01:02Z'), durationS: 62 })
    expect((await ask('GET', `/v1/calls/${callId}`)).body).toMatchObject({ status: 'voicemail', duration: 62 })
    expect((await ask('GET', `/v1/voicemail/${id}`)).body).toMatchObject({
      from: '+441632960111',
      duration: 45,
      status: 'new',
      transcription: null,
    })
    expect((await ask('GET', `/v1/voicemail/${id}/download`)).status).toBe(409)
  })

  test('is stored, transcribed, read, unread and removed', async () => {
    const { id } = await leave(house.org.adminId)
    const transcriber = { transcribe: async (audio: Buffer) => ({ text: `Hi, this is ${audio.length} bytes` }) }
    const jobs = voicemailJobs({ ...house.house, telephony: telephony(wav(9)), transcriber })
    for (const job of [...jobs, ...jobs]) await job.handle(house.session(), { id }, factsByHand(house.session()))
    expect((await ask('GET', `/v1/voicemail?status=new&userId=${house.org.adminId}`)).body.voicemails[0]).toMatchObject({
      id,
      from: '+441632960111',
      duration: 45,
      status: 'new',
      transcription: 'Hi, this is 16044 bytes',
      createdAt: '2026-11-20T10:01:00Z',
    })
    const read = await ask('PUT', `/v1/voicemail/${id}/read`)
    expect(read).toMatchObject({ status: 200, body: { id, status: 'read' } })
    expect((await ask('GET', `/v1/voicemail?status=read&userId=${house.org.adminId}`)).body.voicemails).toMatchObject([{ id }])
    expect((await ask('PUT', `/v1/voicemail/${id}/unread`)).body).toMatchObject({ status: 'new', readAt: null })
    const { status, headers } = await ask('GET', `/v1/voicemail/${id}/download`)
    expect(status).toBe(302)
    const audio = Buffer.from(await (await fetch(headers.get('location') ?? '')).arrayBuffer())
    expect(createHash('sha256').update(audio).digest('hex')).toBe(createHash('sha256').update(wav(9)).digest('hex'))
    const stranger = await house.token({ subject: 'user:424242', roles: ['user'] })
    expect((await ask('PUT', `/v1/voicemail/${id}/read`, stranger)).status).toBe(404)
    expect((await ask('DELETE', `/v1/voicemail/${id}`)).status).toBe(204)
    expect((await ask('GET', `/v1/voicemail/${id}`)).status).toBe(404)
    await collect(`100/blobs/${id}`)
    expect((await fetch(headers.get('location') ?? '')).status).toBe(410)
  })

  test('status has three values', async () => {
    expect((await ask('GET', '/v1/voicemail?status=old')).body.error).toMatchObject({ details: [{ field: 'status' }] })
  })
})
