// Programs that use the API: they book, move, confirm and cancel, one by one and several at once, and know beforehand what
// the rules say to it.
import { busySpan, freeResources, isOpen, type Kept, minuteMs, type Organization, type Person, personOf, verdictOn } from './model.ts'
import { pickStart } from './moments.ts'
import type { Random } from './random.ts'
import { iso, note, nowOf, type Scene } from './scene.ts'
import { broken } from './violation.ts'
import type { Answer } from './wire.ts'

const names = ['Ada Lovelace', 'Alan Turing', 'Mary Anning', 'Grace Hopper', 'Emmy Noether', 'Lise Meitner', 'Max Planck', 'Niels Bohr']
export const nameFor = (index: number): string => names[index % names.length] ?? 'Marie Curie'

/** A number that nobody had before; its first digits say whose customer it is. */
export function newMobile(organization: Organization): string {
  organization.nextMobile += 1
  return `${mobilePrefix(organization.index)}${String(organization.nextMobile).padStart(6, '0')}`
}
export const mobilePrefix = (index: number): string => `+44770${index}`

export async function addPerson(scene: Scene, organization: Organization): Promise<Person> {
  const mobile = newMobile(organization)
  const name = nameFor(organization.nextMobile)
  const { status, body } = await scene.wire.api(
    organization.founded.apiKey,
    'POST',
    '/users',
    { full_name: name, mobile },
    `user-${mobile}`,
  )
  if (status !== 201) broken('somebody new was not taken in', { mobile, status, body })
  const person = { id: Number(body.id), name, mobile }
  organization.people.push(person)
  note(scene, organization, `person ${mobile}`, 'added')
  return person
}

export interface Wished {
  readonly person: Person
  readonly startsAt: number
  readonly durationMin: number
}

export function pickWish(scene: Scene, organization: Organization, random: Random): Wished {
  return {
    person: random.pick(organization.people),
    startsAt: pickStart(organization, nowOf(scene), random),
    durationMin: random.pick([30, 30, 30, 15, 45, 60, 90]),
  }
}

const endOf = ({ startsAt, durationMin }: Wished): number => startsAt + durationMin * minuteMs
const codeOf = ({ status, body }: Answer): string => (status === 201 || status === 200 ? 'free' : String(body.error_code ?? status))

const post = (scene: Scene, organization: Organization, wish: Wished, once: string): Promise<Answer> =>
  scene.wire.api(
    organization.founded.apiKey,
    'POST',
    '/appointments',
    { user_id: wish.person.id, starts_at: iso(wish.startsAt), duration_min: wish.durationMin },
    once,
  )

export async function book(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const wish = pickWish(scene, organization, random)
  const once = `book-${random.int(0, 2 ** 31)}`
  const expected = verdictOn(organization, nowOf(scene), wish.startsAt, endOf(wish))
  const answer = await post(scene, organization, wish, once)
  if (codeOf(answer) !== expected)
    broken('a booking was not judged by the rules', { wish, expected, answer, organization: shown(organization) })
  if (answer.status === 201) keep(organization, wish, answer)
  if (random.chance(0.15)) {
    const again = await post(scene, organization, wish, once)
    if (again.text !== answer.text && answer.status !== 404)
      broken('a repeated request had another answer than the first', { answer, again })
  }
  note(scene, organization, `book ${wish.person.mobile} ${iso(wish.startsAt)} ${wish.durationMin}`, expected)
}

export const shown = ({ calendar, holidays, resources }: Organization) => ({ calendar, holidays: [...holidays], resources })

function keep(organization: Organization, wish: Wished, { body }: Answer): void {
  const resourceId = Number(body.resource_id)
  const [first] = freeResources(organization, wish.startsAt, endOf(wish))
  if (resourceId !== first) broken('a booking was put on a resource that was not the first free one', { wish, body, first })
  organization.appointments.set(Number(body.id), {
    id: Number(body.id),
    personId: wish.person.id,
    startsAt: wish.startsAt,
    endsAt: endOf(wish),
    status: 'booked',
    resourceId,
    busy: busySpan(organization, wish.startsAt, endOf(wish)),
    callId: null,
    notes: null,
  })
}

/** Many want one time for one person: as many stand as there are free resources, and the rest are told that it is taken. */
export async function rush(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const wish = pickWish(scene, organization, random)
  const verdict = verdictOn(organization, nowOf(scene), wish.startsAt, endOf(wish))
  const count = random.int(2, 5)
  const places = verdict === 'free' ? freeResources(organization, wish.startsAt, endOf(wish)).length : 0
  const keys = Array.from({ length: count }, () => `rush-${random.int(0, 2 ** 31)}`)
  const answers = await Promise.all(keys.map((once) => post(scene, organization, wish, once)))
  const stand = answers.filter(({ status }) => status === 201).toSorted((a, b) => Number(a.body.resource_id) - Number(b.body.resource_id))
  const wrong = answers.filter((answer) => answer.status !== 201 && codeOf(answer) !== (places > 0 ? 'APPOINTMENT_CONFLICT' : verdict))
  if (stand.length !== Math.min(count, places) || wrong.length > 0) {
    broken('of bookings at once not exactly as many stood as there was room for', { wish, verdict, places, answers })
  }
  for (const answer of stand) keep(organization, wish, answer)
  note(scene, organization, `rush ${count} ${iso(wish.startsAt)}`, `stood ${stand.length} ${verdict}`)
}

/** In an order that does not depend on ids. */
export const openOnes = (organization: Organization): Kept[] =>
  [...organization.appointments.values()]
    .filter((kept) => isOpen(kept) && personOf(organization, kept.personId))
    .toSorted((a, b) => a.startsAt - b.startsAt || a.resourceId - b.resourceId)

const put = (scene: Scene, { founded }: Organization, id: number, json: object, once: string) =>
  scene.wire.api(founded.apiKey, 'PUT', `/appointments/${id}`, json, once)

export async function move(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const kept = random.pick(openOnes(organization))
  const startsAt = random.chance(0.3)
    ? kept.startsAt + random.pick([-15, 15, 30]) * minuteMs
    : pickStart(organization, nowOf(scene), random)
  const endsAt = startsAt + (kept.endsAt - kept.startsAt)
  const same = startsAt === kept.startsAt
  const expected = same ? 'free' : verdictOn(organization, nowOf(scene), startsAt, endsAt, kept.id)
  const answer = await put(scene, organization, kept.id, { starts_at: iso(startsAt) }, `move-${random.int(0, 2 ** 31)}`)
  if (codeOf(answer) !== expected)
    broken('a move was not judged by the rules', { kept, startsAt: iso(startsAt), expected, answer, organization: shown(organization) })
  note(
    scene,
    organization,
    `move ${iso(kept.startsAt)}/${kept.resourceId - (organization.resources[0] ?? 0)} to ${iso(startsAt)}`,
    expected,
  )
  if (expected === 'free' && !same) {
    Object.assign(kept, { startsAt, endsAt, resourceId: Number(answer.body.resource_id), busy: busySpan(organization, startsAt, endsAt) })
  }
}

export async function cancel(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const kept = random.pick(openOnes(organization))
  const { status } = await scene.wire.api(organization.founded.apiKey, 'DELETE', `/appointments/${kept.id}`)
  if (status !== 204) broken('a cancellation was refused', { kept, status })
  kept.status = 'cancelled'
  note(scene, organization, `cancel ${iso(kept.startsAt)}`, 'cancelled')
}

const follows: Readonly<Record<string, readonly string[]>> = {
  booked: ['confirmed', 'completed', 'no_show'],
  confirmed: ['completed', 'no_show'],
}

export async function settle(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const kept = random.pick(openOnes(organization))
  const status = random.pick(['booked', 'confirmed', 'completed', 'no_show'] as const)
  const allowed = status === kept.status || follows[kept.status]?.includes(status) === true
  const notes = `seen ${random.int(1, 1000)}`
  const answer = await put(scene, organization, kept.id, { status, notes }, `settle-${random.int(0, 2 ** 31)}`)
  const expected = allowed ? 'free' : 'STATUS_NOT_ALLOWED'
  if (codeOf(answer) !== expected) broken('a status followed that may not follow, or one that may did not', { kept, status, answer })
  if (allowed) Object.assign(kept, { status, notes })
  note(scene, organization, `settle ${iso(kept.startsAt)} ${status}`, expected)
}

/** Moved and cancelled at once: cancelled in the end, and whoever came second is told truly. */
export async function race(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const kept = random.pick(openOnes(organization))
  const startsAt = pickStart(organization, nowOf(scene), random)
  const { wire } = scene
  const [moved, cancelled] = await Promise.all([
    put(scene, organization, kept.id, { starts_at: iso(startsAt) }, `race-${random.int(0, 2 ** 31)}`),
    wire.api(organization.founded.apiKey, 'DELETE', `/appointments/${kept.id}`),
  ])
  const verdict = verdictOn(organization, nowOf(scene), startsAt, startsAt + kept.endsAt - kept.startsAt, kept.id)
  const told = codeOf(moved)
  if (cancelled.status !== 204 || ![verdict, 'APPOINTMENT_CLOSED'].includes(told)) {
    broken('a move and a cancellation at once were not answered by the rules', { kept, verdict, moved, cancelled })
  }
  if (told === 'free')
    Object.assign(kept, { startsAt, endsAt: startsAt + kept.endsAt - kept.startsAt, resourceId: Number(moved.body.resource_id) })
  kept.status = 'cancelled'
  note(scene, organization, `race to ${iso(startsAt)}`, 'cancelled')
}

/** Whatever is offered can be had. */
export async function takeOffered(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const from = nowOf(scene) + random.int(0, 20) * 24 * 60 * minuteMs
  const to = from + 3 * 24 * 60 * minuteMs
  const path = `/appointments/availability?from=${encodeURIComponent(iso(from))}&to=${encodeURIComponent(iso(to))}&duration_min=30`
  const { status, body } = await scene.wire.api(organization.founded.apiKey, 'GET', path)
  const slots = (body.slots ?? []) as { starts_at: string; resource_id: number }[]
  const wrong = slots.filter(
    ({ starts_at: at }) => verdictOn(organization, nowOf(scene), Date.parse(at), Date.parse(at) + 30 * minuteMs) !== 'free',
  )
  if (status !== 200 || wrong.length > 0) broken('a time was offered that cannot be had', { wrong, organization: shown(organization) })
  if (slots.length === 0) return note(scene, organization, `offered ${iso(from)}`, 'none')
  const wish = { person: random.pick(organization.people), startsAt: Date.parse(random.pick(slots).starts_at), durationMin: 30 }
  const answer = await post(scene, organization, wish, `offer-${random.int(0, 2 ** 31)}`)
  if (answer.status !== 201) broken('a time that was offered was refused', { wish, answer })
  keep(organization, wish, answer)
  note(scene, organization, `offered ${slots.length} took ${iso(wish.startsAt)}`, 'free')
}
