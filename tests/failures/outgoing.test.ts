// P14: whatever a carrier answers, or does not, whoever asked for it hears so in the contract's words, nothing is half done,
// and once the carrier is well again the same is done.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { beyondHttp } from './beyond-http.ts'
import { chainsOf, type OpenGround, openGround } from './ground.ts'
import { faults, type OddPeer, openOddPeer, carrier as wellCarrier } from './odd-peer.ts'
import { changedTables } from './picture.ts'
import { overHttp, type Scenario } from './scenarios.ts'

let carrier: OddPeer
let ground: OpenGround
let all: Scenario[]
beforeAll(async () => {
  carrier = await openOddPeer(wellCarrier)
  ground = await openGround({ env: { TWILIO_BASE_URL: carrier.url } })
  all = [...overHttp(ground.arena), ...beyondHttp(ground.arena)]
})
afterAll(async () => {
  await ground?.close()
  await carrier?.close()
})

const named = (name: string): Scenario => {
  const found = all.find((one) => one.name === name)
  if (!found) throw new Error(`there is no scenario ${name}`)
  return found
}
/** The breaker has seen enough by then: it is closed again for the next. */
const wellAgain = async () => {
  carrier.fault = null
  await ground.arena.house.house.guards.find('twilio_api')?.force('closed')
}

/** What says nothing is waited for ten seconds, and asked again where that does no harm: nobody asks twice whether a call was placed. */
const spoken = faults.filter((fault) => fault !== 'silence')

describe.each(['calls.hangup', 'recordings.pause'])('%s', (name) => {
  test.each(spoken)('is refused cleanly when the carrier’s answer is %s, and done when it is asked again', async (fault) => {
    const scenario = named(name)
    const attempt = await scenario.prepare()
    const before = await ground.picture()
    carrier.fault = fault
    const answer = await attempt.run()
    await wellAgain()
    // A carrier that says yes without a word has said yes.
    if (answer.status >= 300) {
      expect([502, 503]).toContain(answer.status)
      expect(answer.body).not.toContain('secret words')
      if (scenario.operation) expect(ground.judge.any(scenario.operation, answer).filter((line) => !/^50[23]: /.test(line))).toEqual([])
      expect(changedTables(before, await ground.picture())).toEqual([])
      expect((await attempt.run()).status).toBe(200)
    }
  })
})

test('a call that is ringing has not failed because we could not write down its name', async () => {
  const attempt = await named('the job calls.place').prepare()
  carrier.asked()
  ground.faults.arm('call_provider_claim', '57014')
  await expect(attempt.run()).rejects.toMatchObject({ code: 'database_unavailable' })
  expect(ground.faults.fired()).toBe(true)
  await attempt.run() // the queue tries again
  expect(carrier.asked().filter((line) => line.startsWith('POST') && line.endsWith('/Calls.json'))).toHaveLength(1)
  const { rows } = await ground.arena.db.query<{ status: string }>('SELECT status FROM calls.calls ORDER BY id DESC LIMIT 1')
  expect(rows[0]?.status).toBe('queued')
})

test('a call whose ringing could not begin is rung when the job runs again', async () => {
  const attempt = await named('the job calls.place').prepare()
  carrier.asked()
  ground.faults.arm('call_first_leg', '40P01')
  await expect(attempt.run()).rejects.toMatchObject({ code: 'database_unavailable' })
  expect([ground.faults.fired(), carrier.asked()]).toEqual([true, []])
  await attempt.run()
  expect(carrier.asked()).toEqual([expect.stringMatching(/^POST .*\/Calls\.json$/)])
})

test.each(spoken)('a recording that cannot be fetched (%s) is fetched when the job runs again', async (fault) => {
  const attempt = await named('the job recordings.fetch').prepare()
  carrier.fault = fault
  const failed = await attempt.run().then(
    () => false,
    () => true,
  )
  await wellAgain()
  if (failed) expect((await attempt.run()).status).toBe(204)
  const { rows } = await ground.arena.db.query<{ status: string }>('SELECT status FROM recordings.recordings ORDER BY id DESC LIMIT 1')
  expect(rows[0]?.status).toBe('available')
})

test('after all of it no organisation’s events have a hole, and the audit log is whole', async () => {
  expect(await chainsOf(ground)).toEqual([])
})
