import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { elsewhere, here, openTenants, type Tenants } from '../../../tests/support/tenants.ts'
import { Refusal } from '../../platform/errors/index.ts'
import { factsByHand } from '../../platform/jobs/index.ts'
import {
  addLeg,
  adoptCall,
  advanceCall,
  advanceLeg,
  callJobs,
  hangUp,
  hold,
  loadCall,
  nameCall,
  openCall,
  placeCall,
  transfer,
} from './index.ts'
import { type FakeNetwork, fakeNetwork, fakeUrls } from './telephony.fixture.ts'

const everything = { all: true, viewer: null }
const from = '+441632960999'
const agentId = '01930000-0000-7000-8000-000000000001'
let tenants: Tenants
let network: FakeNetwork
let person: number
beforeAll(async () => {
  tenants = await openTenants()
  const at = tenants.clock.now()
  await tenants.query(
    "INSERT INTO numbers.numbers (organization_id, id, e164, provider, route, created_at) VALUES ($1, gen_random_uuid(), $2, 'twilio', '{}', $3)",
    [here, from, at],
  )
  await tenants.query(
    "INSERT INTO agents.agents (organization_id, id, name, created_at, updated_at) VALUES ($1, $2, 'Reception', $3, $3)",
    [here, agentId, at],
  )
  const [row] = await tenants.query<{ id: number }>(
    "INSERT INTO people.users (organization_id, username, email, first_name, last_name, mobile, created_at, updated_at) VALUES ($1, 'ada', 'ada@org.test', 'A', 'L', '+447700900123', $2, $2) RETURNING id",
    [here, at],
  )
  person = row?.id ?? 0
})
afterAll(() => tenants.close())
beforeEach(() => {
  network = fakeNetwork()
})

const services = () => ({ telephony: network, callUrls: fakeUrls, openSession: tenants.sessionOf })
async function run(name: string, payload: object = {}) {
  const job = callJobs(services()).find((one) => one.name === name)
  await job?.handle(tenants.session(), payload, factsByHand(tenants.session()))
}
const place = (wanted: object = { agentId }) => placeCall(tenants.session(), { from, to: '+441632960444', ...wanted }, 'twilio')
const load = (callId: string) => loadCall(tenants.session(), callId)

describe('placing a call', () => {
  test('the job rings it once, however often it runs, and learns its name', async () => {
    const callId = await place()
    await Promise.all([run('calls.place', { callId }), run('calls.place', { callId }), run('calls.place', { callId })])
    await run('calls.place', { callId })
    expect(network.placed).toEqual([
      { from, to: '+441632960444', answerUrl: fakeUrls.answer(callId), statusUrl: fakeUrls.status(callId), key: callId },
    ])
    expect(await load(callId)).toMatchObject({ status: 'queued', sid: `CA-${callId}`, direction: 'outbound' })
  })

  test("a person's call rings their phone first", async () => {
    const callId = await place({ userId: person })
    await run('calls.place', { callId })
    expect(network.placed).toMatchObject([{ from, to: '+447700900123' }])
    expect(await load(callId)).toMatchObject({ to: '+441632960444', userId: person, userIds: [person] })
  })

  test('a report that comes before the answer to our request names the same call, and no stranger can', async () => {
    const callId = await place()
    expect(await adoptCall(tenants.session(elsewhere), callId, 'twilio', 'CA-early')).toBeNull()
    expect(await adoptCall(tenants.session(), callId, 'twilio', 'CA-early')).toBe(callId)
    expect(await adoptCall(tenants.session(), callId, 'twilio', 'CA-other')).toBeNull()
    await nameCall(tenants.session(), callId, 'twilio', 'CA-early')
    expect(await load(callId)).toMatchObject({ sid: 'CA-early' })
  })

  test('one that the provider refuses has failed', async () => {
    network.failure = new Refusal('provider_failed')
    const callId = await place()
    await run('calls.place', { callId })
    expect(await load(callId)).toMatchObject({ status: 'failed', hangupCause: 'NORMAL_TEMPORARY_FAILURE' })
  })

  test('one that timed out at the provider is not rung again: it may be ringing', async () => {
    network.failure = new Refusal('provider_timeout')
    const callId = await place()
    await run('calls.place', { callId })
    network.failure = null
    await run('calls.place', { callId })
    expect(network.placed).toHaveLength(1)
    expect((await load(callId))?.status).toBe('queued')
  })

  test('one that was cancelled before its job ran never rings', async () => {
    const callId = await place()
    await hangUp(tenants.session(), everything, callId, services())
    await run('calls.place', { callId })
    expect(network.placed).toEqual([])
    expect((await load(callId))?.status).toBe('cancelled')
  })

  test('a viewer who sees only themself cannot ring for somebody else', async () => {
    const principal = { ...tenants.session().principal, kind: 'user' as const, userId: person + 1, permissions: new Set(['calls:write']) }
    const wanted = { from, to: '+441632960444', userId: person }
    await expect(placeCall(tenants.sessionOf(principal), wanted, 'twilio')).rejects.toMatchObject({ code: 'unknown_user' })
  })
})

describe('reconciliation', () => {
  async function silent(sid: string | null, status: 'queued' | 'ringing' | 'in_progress' = 'ringing') {
    const { callId } = await openCall(tenants.session(), {
      direction: 'inbound',
      from: '+441632960111',
      to: from,
      provider: 'twilio',
      sid,
      at: tenants.clock.now(),
      status,
      legs: [{ kind: 'caller', number: '+441632960111' }],
    })
    return callId
  }

  test('brings a silent call to its true end, with its duration and its cost', async () => {
    const callId = await silent('CA-lost')
    const startedAt = tenants.clock.now()
    const endedAt = new Date(startedAt.getTime() + 130_000)
    network.known.set('CA-lost', { status: 'completed', durationS: 125, startedAt, endedAt })
    await run('calls.reconcile')
    expect((await load(callId))?.status).toBe('ringing')
    tenants.clock.advance(180)
    await run('calls.reconcile')
    expect(await load(callId)).toMatchObject({ status: 'completed', durationS: 125, endedAt })
    expect(await tenants.query('SELECT cost_micros FROM calls.calls WHERE id = $1', [callId])).toEqual([{ cost_micros: 3 * 8500 }])
  })

  test.each(['ringing', 'in_progress'] as const)(
    'one that is %s is asked about two minutes after it was heard of, and every two minutes',
    async (status) => {
      const callId = await silent(`CA-patient-${status}`, status)
      const lookups: string[] = []
      network.fetchCall = async (sid) => {
        lookups.push(sid)
        return { status, durationS: null, startedAt: tenants.clock.now(), endedAt: null }
      }
      const counts: number[] = []
      for (const seconds of [119, 2, 1, 119, 2]) {
        tenants.clock.advance(seconds)
        await run('calls.reconcile')
        counts.push(lookups.filter((sid) => sid === `CA-patient-${status}`).length)
      }
      expect(counts).toEqual([0, 1, 1, 1, 2])
      await advanceCall(tenants.session(), callId, { status: 'failed', at: tenants.clock.now() })
    },
  )

  test('one whose answer nobody reported was answered when the provider says', async () => {
    const callId = await silent('CA-unheard')
    const [startedAt, endedAt] = [40, 70].map((seconds) => new Date(tenants.clock.now().getTime() + seconds * 1000))
    network.known.set('CA-unheard', { status: 'completed', durationS: 30, startedAt: startedAt ?? null, endedAt: endedAt ?? null })
    tenants.clock.advance(180)
    await run('calls.reconcile')
    expect(await load(callId)).toMatchObject({ status: 'completed', answeredAt: startedAt, endedAt, durationS: 30 })
  })

  test('one that still talks goes on, and is left alone for two minutes', async () => {
    const callId = await silent('CA-talks')
    tenants.clock.advance(180)
    network.known.set('CA-talks', { status: 'in_progress', durationS: null, startedAt: tenants.clock.now(), endedAt: null })
    await run('calls.reconcile')
    expect((await load(callId))?.status).toBe('in_progress')
    network.known.clear()
    await run('calls.reconcile')
    expect((await load(callId))?.status).toBe('in_progress')
  })

  test('one that the provider does not know, and one that it was never given, have failed', async () => {
    const [unknown, never] = [await silent('CA-unknown'), await silent(null, 'queued')]
    tenants.clock.advance(180)
    await run('calls.reconcile')
    for (const callId of [unknown, never]) {
      expect(await load(callId)).toMatchObject({ status: 'failed', hangupCause: 'RECOVERY_ON_TIMER_EXPIRE' })
    }
  })

  test('one that waited long for its job and is being rung now is left to ring', async () => {
    const callId = await place()
    tenants.clock.advance(180)
    const { placeCall: ring } = network
    network.placeCall = async (input) => {
      await run('calls.reconcile')
      return ring(input)
    }
    await run('calls.place', { callId })
    expect(await load(callId)).toMatchObject({ status: 'queued', sid: `CA-${callId}` })
    await advanceCall(tenants.session(), callId, { status: 'failed', at: tenants.clock.now() })
  })

  test('one that is heard of while the others are asked about is not given up', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, (_, index) => silent(`CA-before-${index}`)))
    tenants.clock.advance(1)
    const callId = await silent(null, 'queued')
    tenants.clock.advance(180)
    network.fetchCall = async () => {
      const adopted = await adoptCall(tenants.session(), callId, 'twilio', 'CA-heard')
      if (adopted) await advanceCall(tenants.session(), callId, { status: 'ringing', at: tenants.clock.now() })
      return { status: 'no_answer', durationS: 0, startedAt: null, endedAt: tenants.clock.now() }
    }
    await run('calls.reconcile')
    for (const other of asked) expect((await load(other))?.status).toBe('no_answer')
    expect((await load(callId))?.status).toBe('ringing')
    await advanceCall(tenants.session(), callId, { status: 'failed', at: tenants.clock.now() })
  })

  test('a provider that cannot be asked about one call is asked about the others', async () => {
    const [broken, fine] = [await silent('CA-broken'), await silent('CA-fine')]
    tenants.clock.advance(180)
    network.fetchCall = async (sid) => {
      if (sid === 'CA-broken') throw new Refusal('circuit_open')
      return { status: 'no_answer', durationS: 0, startedAt: null, endedAt: tenants.clock.now() }
    }
    await run('calls.reconcile')
    expect((await load(broken))?.status).toBe('ringing')
    const looked = await tenants.query<{ at: Date }>('SELECT updated_at AS at FROM calls.calls WHERE id = $1', [broken])
    expect(looked, 'it comes behind those that can be asked about').toEqual([{ at: tenants.clock.now() }])
    expect((await load(fine))?.status).toBe('no_answer')
    await advanceCall(tenants.session(), broken, { status: 'failed', at: tenants.clock.now() })
  })
})

describe('a call that left a message, and may have gone on', () => {
  async function leftMessage(sid: string, session = tenants.session()) {
    const answeredAt = tenants.clock.now()
    const { callId } = await openCall(session, {
      direction: 'inbound',
      from: '+441632960112',
      to: from,
      provider: 'twilio',
      sid,
      at: answeredAt,
      status: 'in_progress',
      legs: [{ kind: 'caller', number: '+441632960112' }],
    })
    tenants.clock.advance(60)
    await advanceCall(session, callId, { status: 'voicemail', at: tenants.clock.now() })
    return { callId, answeredAt }
  }
  function countLookups() {
    const lookups: string[] = []
    const { fetchCall } = network
    network.fetchCall = (sid) => {
      lookups.push(sid)
      return fetchCall(sid)
    }
    return lookups
  }
  const cost = (callId: string) => tenants.query('SELECT cost_micros FROM calls.calls WHERE id = $1', [callId])

  test('lasted and costs what the provider says, though its last callback was lost; it is asked about once', async () => {
    const { callId, answeredAt } = await leftMessage('CA-message')
    expect(await load(callId)).toMatchObject({ status: 'voicemail', durationS: 60, reportedDurationS: null })
    const lookups = countLookups()
    network.known.set('CA-message', {
      status: 'completed',
      durationS: 330,
      startedAt: answeredAt,
      endedAt: new Date(answeredAt.getTime() + 330_000),
    })
    await run('calls.reconcile')
    expect(lookups).toEqual([])
    for (let minutes = 0; minutes < 3; minutes++) {
      tenants.clock.advance(400)
      await run('calls.reconcile')
    }
    expect(lookups).toEqual(['CA-message'])
    const endedAt = new Date(answeredAt.getTime() + 330_000)
    expect(await load(callId)).toMatchObject({ status: 'voicemail', durationS: 330, reportedDurationS: 330, endedAt })
    expect(await cost(callId)).toEqual([{ cost_micros: 6 * 8500 }])
  })

  test('one that still goes on is asked about again two minutes later', async () => {
    const { callId, answeredAt } = await leftMessage('CA-goes-on')
    const lookups = countLookups()
    network.known.set('CA-goes-on', { status: 'in_progress', durationS: null, startedAt: answeredAt, endedAt: null })
    tenants.clock.advance(121)
    await run('calls.reconcile')
    await run('calls.reconcile')
    expect(lookups).toEqual(['CA-goes-on'])
    expect(await load(callId)).toMatchObject({ status: 'voicemail', durationS: 60, reportedDurationS: null })
    network.known.set('CA-goes-on', { status: 'completed', durationS: 200, startedAt: answeredAt, endedAt: tenants.clock.now() })
    tenants.clock.advance(121)
    await run('calls.reconcile')
    expect(lookups).toHaveLength(2)
    expect(await load(callId)).toMatchObject({ status: 'voicemail', durationS: 200 })
  })

  test('one that the provider does not know any more stays what it was, and is not asked about again', async () => {
    const { callId, answeredAt } = await leftMessage('CA-forgotten')
    const lookups = countLookups()
    for (let time = 0; time < 2; time++) {
      tenants.clock.advance(121)
      await run('calls.reconcile')
    }
    expect(lookups).toEqual(['CA-forgotten'])
    const endedAt = new Date(answeredAt.getTime() + 60_000)
    expect(await load(callId)).toMatchObject({ status: 'voicemail', durationS: 60, hangupCause: 'NORMAL_CLEARING', endedAt })
    expect(await cost(callId)).toEqual([{ cost_micros: 8500 }])
  })

  test('ends, and its legs with it, when it ends and not with its message; who had gone before has gone before', async () => {
    const { callId, answeredAt } = await leftMessage('CA-legs')
    const later = (seconds: number) => new Date(answeredAt.getTime() + seconds * 1000)
    const colleague = { kind: 'user' as const, number: '+447700900123', userId: person, sid: 'CA-colleague' }
    await addLeg(tenants.session(), callId, { ...colleague, at: later(5) })
    await advanceLeg(tenants.session(), callId, 'CA-colleague', { status: 'ended', at: later(60), hangupCause: 'NO_ANSWER' })
    const ends = () => tenants.query('SELECT kind, ended_at FROM calls.legs WHERE call_id = $1 ORDER BY position', [callId])
    expect(await ends()).toEqual([
      { kind: 'caller', ended_at: later(60) },
      { kind: 'user', ended_at: later(60) },
    ])
    await advanceCall(tenants.session(), callId, { status: 'completed', at: later(90), durationS: 90 })
    expect(await load(callId)).toMatchObject({ status: 'voicemail', endedAt: later(90), durationS: 90 })
    expect(await ends()).toEqual([
      { kind: 'caller', ended_at: later(90) },
      { kind: 'user', ended_at: later(60) },
    ])
  })

  test('what another organisation at another provider left is not ours to ask about', async () => {
    const { callId } = await leftMessage('CA-theirs', tenants.session(elsewhere))
    const lookups = countLookups()
    network = { ...network, name: 'another' }
    tenants.clock.advance(121)
    await run('calls.reconcile')
    expect(lookups).toEqual([])
    expect(await loadCall(tenants.session(elsewhere), callId)).toMatchObject({ status: 'voicemail', reportedDurationS: null })
    network = { ...network, name: 'twilio' }
    await run('calls.reconcile')
    expect(lookups).toEqual(['CA-theirs'])
    expect(await loadCall(tenants.session(elsewhere), callId)).toMatchObject({ reportedDurationS: 60 })
  })
})

describe('acting on a live call', () => {
  async function talking() {
    const callId = await place()
    await nameCall(tenants.session(), callId, 'twilio', `CA-${callId}`)
    await advanceCall(tenants.session(), callId, { status: 'in_progress', at: tenants.clock.now() })
    return callId
  }
  const eventsOf = async (callId: string) =>
    (await tenants.query<{ type: string }>('SELECT type FROM calls.events WHERE call_id = $1 ORDER BY position', [callId])).map(
      ({ type }) => type,
    )

  test('the provider is told to transfer it, to a number or to a phone', async () => {
    const callId = await talking()
    await transfer(tenants.session(), everything, callId, { to: '+441632960222' }, services())
    await transfer(tenants.session(), everything, callId, { userId: person }, services())
    expect(network.asked).toEqual([
      `redirect CA-${callId} https://here.test/transfer/${callId}/+441632960222`,
      `redirect CA-${callId} https://here.test/transfer/${callId}/+447700900123`,
    ])
    expect((await eventsOf(callId)).filter((type) => type === 'transferred')).toHaveLength(2)
  })

  test('held twice it is held once, and comes back', async () => {
    const callId = await talking()
    for (const onHold of [true, true, false]) await hold(tenants.session(), everything, callId, onHold, services())
    expect(network.asked).toEqual([`redirect CA-${callId} ${fakeUrls.hold(callId)}`, `redirect CA-${callId} ${fakeUrls.answer(callId)}`])
    expect(await eventsOf(callId)).toEqual(expect.arrayContaining(['hold', 'unhold']))
  })

  test('its end is what the provider reports, not what we wished', async () => {
    const callId = await talking()
    await hangUp(tenants.session(), everything, callId, services())
    expect(network.asked).toEqual([`hangUp CA-${callId}`])
    expect((await load(callId))?.status).toBe('in_progress')
  })
})
