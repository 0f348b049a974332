// B3: when the carrier's words are not to be trusted, the recording is heard instead.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import { statement } from '../../platform/db/index.ts'
import { openEars, type Transcriber } from './index.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(() => house.close())

const recording = 'https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1'
const heardBy = (text: string | null): Transcriber => ({ transcribe: async () => (text === null ? null : { text }) })
const ears = (transcriber: Transcriber | null, audio: Buffer | null = Buffer.from('RIFF')) =>
  openEars({ transcriber, fetchAudio: async () => (audio ? { audio, contentType: 'audio/wav', durationS: 4 } : null) })
const mumbled = { kind: 'speech', text: 'the thing on on', confidence: 0.2 } as const

describe('what the caller said', () => {
  test('stands when the carrier was sure of it', async () => {
    const sure = { kind: 'speech', text: 'tomorrow at three', confidence: 0.9 } as const
    expect(await ears(heardBy('something else')).hear(house.session(), sure, recording)).toBe(sure)
  })

  test('comes from the recording when the carrier was not, or heard nothing', async () => {
    const session = house.session()
    expect(await ears(heardBy('tomorrow at three')).hear(session, mumbled, recording)).toEqual({
      kind: 'speech',
      text: 'tomorrow at three',
      confidence: null,
    })
    expect(await ears(heardBy('hello')).hear(session, { kind: 'silence' }, `${recording}2`)).toMatchObject({ text: 'hello' })
  })

  test('is counted as transcription once for a recording, however often it is posted', async () => {
    const used = statement<object, { entries: number }>(
      'test_ears_usage',
      `SELECT count(*)::int AS entries FROM billing.usage WHERE organization_id = :organizationId AND kind = 'transcription'`,
    )
    const before = (await house.session().read(used, {}))?.entries ?? 0
    for (let n = 0; n < 3; n++) await ears(heardBy('hello')).hear(house.session(), mumbled, `${recording}3`)
    expect((await house.session().read(used, {}))?.entries).toBe(before + 1)
  })

  test.each([
    ['there is no transcriber', ears(null)],
    ['the recording is gone', ears(heardBy('hello'), null)],
    ['nothing was said in it', ears(heardBy(null))],
    ['the transcriber fails', ears({ transcribe: () => Promise.reject(new Error('down')) })],
  ])('stays what the carrier heard when %s', async (_why, listening) => {
    expect(await listening.hear(house.session(), mumbled, `${recording}4`)).toBe(mumbled)
  })

  test('keys are keys, whatever was recorded', async () => {
    const keys = { kind: 'digits', digits: '1' } as const
    expect(await ears(heardBy('hello')).hear(house.session(), keys, recording)).toBe(keys)
  })
})
