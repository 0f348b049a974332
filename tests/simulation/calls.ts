// Calls that come in and calls that are placed, and what their callers were told held against what is then in the book.

import type { Caller, Errand } from './caller.ts'
import { nameFor, newMobile } from './clients.ts'
import { converse, end, type Line, pathOf, report, sidFrom } from './line.ts'
import { busySpan, freeResources, isOpen, type Kept, type Organization, type Person, verdictOn } from './model.ts'
import type { CarrierCall } from './office.ts'
import type { Random } from './random.ts'
import { note, nowOf, persist, type Scene } from './scene.ts'
import type { Actor } from './timeline.ts'
import { broken } from './violation.ts'

const errands: Readonly<Record<Errand, number>> = { book: 50, cancel: 15, move: 17, person: 9, silence: 9 }

export async function* ring(scene: Scene, organization: Organization, random: Random): Actor {
  const known = organization.people.length > 0 && random.chance(0.6) ? random.pick(organization.people) : null
  const from = known?.mobile ?? newMobile(organization)
  const call = openCarrierCall(random, 'inbound', from, organization.number)
  scene.world.office.calls.set(call.sid, call)
  const line = openLine(scene, organization, { call, random, person: known })
  if (random.chance(0.06)) return yield* missed(line)
  note(scene, organization, `ring ${from} ${line.caller.errand}`, 'answered')
  if (random.chance(0.15)) interfere(scene, organization, call, random)
  yield* converse(line, '/twilio/voice')
  if (call.status === 'in-progress') end(line, 'completed')
  yield* report(line, '/twilio/voice/status')
}

/** Somebody at the organisation ends the call, puts it through or on hold while it goes on, or when it is over already. */
function interfere(scene: Scene, organization: Organization, call: CarrierCall, random: Random): void {
  const [verb, json] = random.pick([
    ['hangup', undefined],
    ['transfer', { to: '+447709999999' }],
    ['hold', { hold: true }],
  ] as const)
  const at = nowOf(scene) + random.int(1, 5) * 10_000
  scene.timeline.once(at, organization.lane, `${verb} ${call.from} ${at}`, async () => {
    const [row] = await scene.world.examine<{ id: string }>('SELECT call_id AS id FROM calls.provider_calls WHERE sid = $1', [call.sid])
    if (!row) return broken('a call that was answered is not known', { call })
    const path = `/v1/calls/${row.id}/${verb}`
    const { status, body } = await scene.wire.bearer(await adminToken(scene, organization), 'POST', path, json, `${verb}-${call.sid}`)
    if (status !== 200 && (status !== 422 || call.status === 'in-progress'))
      broken('a call could not be acted on', { verb, call, status, body })
    note(scene, organization, `${verb} ${call.from}`, String(status))
  })
}

export const adminToken = (scene: Scene, { founded: { organizationId } }: Organization): Promise<string> =>
  persist(scene, organizationId, (_session, { tokens }) =>
    tokens.issue({ subject: 'client:simulation', organizationId, roles: ['admin'] }, 3600),
  )

/** It rang, and nobody was there to hear it announced. */
async function* missed(line: Line): Actor {
  end(line, 'no-answer')
  yield* report(line, '/twilio/voice/status')
}

function openCarrierCall(random: Random, direction: CarrierCall['direction'], from: string, to: string): CarrierCall {
  const times = { startedAt: null, endedAt: null, durationS: null }
  return { sid: sidFrom(random, 'CA'), direction, from, to, status: 'ringing', ...times, answerUrl: '', statusUrl: '', wish: null }
}

function openLine(
  scene: Scene,
  organization: Organization,
  { call, random, person }: { call: CarrierCall; random: Random; person: Person | null },
): Line {
  const caller: Caller = { errand: random.weighted(errands), name: person?.name ?? nameFor(organization.nextMobile), corrections: 0 }
  const mobile = call.direction === 'inbound' ? call.from : call.to
  const onAnswer = (text: string) => believe(scene, organization, mobile, text)
  return { scene, organization, call, caller, random, onAnswer, recording: null, turns: 0 }
}

/** The server asked for it: `call` begins to ring. */
export async function* placed(scene: Scene, organization: Organization, call: CarrierCall, random: Random): Actor {
  const line = openLine(scene, organization, { call, random, person: null })
  const path = pathOf(scene, call.statusUrl)
  const told = async (status: string) => {
    call.status = status
    const at = new Date(nowOf(scene)).toUTCString()
    await scene.wire.post(path, { CallSid: call.sid, From: call.from, To: call.to, CallStatus: status, Timestamp: at })
  }
  if (random.chance(0.9)) await told('initiated')
  if (random.chance(0.9)) await told('ringing')
  yield random.int(1, 3) * 10
  const outcome = random.pick(['in-progress', 'in-progress', 'in-progress', 'busy', 'no-answer', 'failed'])
  if (outcome === 'in-progress' && !call.wish) {
    if (random.chance(0.9)) await told(outcome)
    yield* converse(line, pathOf(scene, call.answerUrl))
  }
  end(line, outcome === 'in-progress' ? 'completed' : outcome)
  yield* report(line, path)
}

/** What the person was told just now must be in the book, and nothing else may have changed there for them. */
async function believe(scene: Scene, organization: Organization, mobile: string, text: string): Promise<void> {
  const told = {
    booked: /That is booked:/.test(text),
    moved: /Your appointment is now on/.test(text),
    cancelled: /Your appointment on [^.]* is cancelled/.test(text),
  }
  if (!told.booked && !told.moved && !told.cancelled) return
  const person = await known(scene, organization, mobile)
  const seen = await readBook(scene, organization, person.id)
  const changed = seen.filter((row) => differs(organization.appointments.get(row.id), row))
  const what = told.booked ? 'booked' : told.moved ? 'moved' : 'cancelled'
  const [row] = changed
  if (changed.length > 1) broken('more changed in the book than the caller was told of', { mobile, text, changed })
  // A repeated post is told again of what is known already.
  if (!row) return
  const before = organization.appointments.get(row.id)
  const right =
    what === 'booked'
      ? !before && row.status === 'booked'
      : what === 'moved'
        ? before && row.startsAt !== before.startsAt
        : before && isOpen(before) && row.status === 'cancelled'
  if (!right) broken('the book does not say what the caller was told', { mobile, text, before, row })
  if (what !== 'cancelled') checkPlace(scene, organization, row)
  const busy = what === 'cancelled' && before ? before.busy : busySpan(organization, row.startsAt, row.endsAt)
  organization.appointments.set(row.id, { ...row, busy })
  note(scene, organization, `told ${mobile} ${new Date(row.startsAt).toISOString()}`, what)
}

function checkPlace(scene: Scene, organization: Organization, row: Seen): void {
  const verdict = verdictOn(organization, nowOf(scene), row.startsAt, row.endsAt, row.id)
  const free = freeResources(organization, row.startsAt, row.endsAt, row.id)
  if (verdict !== 'free' || !free.includes(row.resourceId))
    broken('a caller was given a time that was not to be had', { row, verdict, free })
}

async function known(scene: Scene, organization: Organization, mobile: string): Promise<Person> {
  const found = organization.people.find((person) => person.mobile === mobile)
  if (found) return found
  const rows = await scene.world.examine<{ id: string; full_name: string }>(
    'SELECT id, full_name FROM contacts.contacts WHERE organization_id = $1 AND mobile = $2',
    [organization.founded.organizationId, mobile],
  )
  const [row] = rows
  if (!row) return broken('somebody was told that they are booked, and nobody knows them', { mobile })
  const person = { id: Number(row.id), name: row.full_name, mobile }
  organization.people.push(person)
  return person
}

type Seen = Omit<Kept, 'busy'>

/** The person's appointments, as the API shows them. */
async function readBook(scene: Scene, { founded }: Organization, personId: number): Promise<Seen[]> {
  const { body } = await scene.wire.api(founded.apiKey, 'GET', `/appointments?user_id=${personId}&limit=500`)
  return ((body.appointments ?? []) as Row[]).map(seenOf)
}

interface Row {
  readonly id: number
  readonly user_id: number
  readonly starts_at: string
  readonly ends_at: string
  readonly status: Kept['status']
  readonly resource_id: number
  readonly call_id: string | null
  readonly notes: string | null
}
export const seenOf = (row: Row): Seen => ({
  id: row.id,
  personId: row.user_id,
  startsAt: Date.parse(row.starts_at),
  endsAt: Date.parse(row.ends_at),
  status: row.status,
  resourceId: row.resource_id,
  callId: row.call_id,
  notes: row.notes,
})

export const differs = (kept: Kept | undefined, row: Seen): boolean =>
  !kept || (Object.keys(row) as (keyof Seen)[]).some((field) => kept[field] !== row[field])

/** By the API; the job that rings it comes later. */
export async function place(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const person = random.pick(organization.people)
  const { founded, number } = organization
  const token = await adminToken(scene, organization)
  const wanted = { from: number, to: person.mobile, agentId: founded.agentId }
  const { status, body } = await scene.wire.bearer(token, 'POST', '/v1/calls', wanted, `place-${random.int(0, 2 ** 31)}`)
  if (status !== 201) broken('a call was not placed', { wanted, status, body })
  note(scene, organization, `place ${person.mobile}`, 'queued')
}
