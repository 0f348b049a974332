// P14, B3: a language model goes wrong while somebody is on the line, and while a message is put into words. The caller does not
// notice: the built-in understanding takes the turn. The message waits for the job's next attempt.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts'
import { openLine } from '../voice/carrier.ts'
import { beyondHttp, newestJob } from './beyond-http.ts'
import { type OpenGround, openGround } from './ground.ts'
import { type Fault, faults, inFrontOf, type OddPeer, openOddPeer } from './odd-peer.ts'

let sandbox: TestSandbox
let model: OddPeer
let ground: OpenGround
beforeAll(async () => {
  sandbox = await startTestSandbox()
  const real = inFrontOf(sandbox.baseUrl)
  model = await openOddPeer((request, body, response) =>
    request.url?.endsWith('/audio/transcriptions')
      ? response.writeHead(200, { 'content-type': 'application/json' }).end('{"text": "call me back"}')
      : real(request, body, response),
  )
  ground = await openGround({ env: { OPENAI_API_KEY: sandbox.openaiKey, OPENAI_BASE_URL: `${model.url}/v1` } })
})
afterAll(async () => {
  await ground?.close()
  await model?.close()
  await sandbox?.stop()
})

const wellAgain = async () => {
  model.fault = null
  for (const name of ['openai_api', 'openai_transcription']) await ground.arena.house.house.guards.find(name)?.force('closed')
}
const turns = [
  'I would like to book an appointment',
  'my name is Grace Hopper',
  'tomorrow at ten in the morning',
  'the first one',
  'yes please',
]
const appointments = async () =>
  (
    await ground.arena.db.query<{ name: string }>(
      'SELECT coalesce(a.for_name, c.full_name) AS name FROM booking.appointments a JOIN contacts.contacts c ON c.id = a.contact_id ORDER BY a.created_at',
    )
  ).rows

/** For how many turns: whoever says nothing takes two seconds of each. */
const spells = faults.map((fault): [Fault, number] => [fault, fault === 'silence' ? 1 : turns.length])
test.each(spells)(
  'a caller books although the model’s answer is %s for %i turns',
  async (fault, wrong) => {
    const before = (await appointments()).length
    const line = openLine(ground.arena.house)
    await line.ring()
    model.asked()
    for (const [turn, words] of turns.entries()) {
      if (turn === 0) model.fault = fault
      if (turn === wrong) await wellAgain()
      await line.say(words)
    }
    await wellAgain()
    expect(model.asked().length).toBeGreaterThan(0)
    expect((await appointments()).slice(before)).toEqual([{ name: 'Grace Hopper' }])
  },
  30_000,
)

test.each(faults.filter((fault) => fault !== 'silence'))(
  'a message is put into words by the next attempt when the answer is %s',
  async (fault) => {
    const { arena } = ground
    const stored = await beyondHttp(arena)
      .find(({ name }) => name === 'the job voicemail.store')
      ?.prepare()
    await stored?.run()
    const transcribe = await newestJob(arena, 'voicemail.transcribe')
    model.fault = fault
    await expect(transcribe()).rejects.toThrow()
    await wellAgain()
    await transcribe()
    const { rows } = await arena.db.query('SELECT transcription FROM voicemail.messages ORDER BY created_at DESC LIMIT 1')
    expect(rows).toEqual([{ transcription: 'call me back' }])
  },
)
