// A run: so many days of organisations, their callers and their programs on the real server, all of it from one seed. What
// the server promises is checked at the end of each day.
import { addResource, usualCalendar } from '../../src/domain/booking/index.ts'
import { createUser } from '../../src/domain/people/index.ts'
import { foundOrganization } from '../../src/founding/organization.ts'
import { systemPrincipal } from '../../src/platform/auth/index.ts'
import { place, placed, ring } from './calls.ts'
import { addPerson, book, cancel, move, openOnes, race, rush, settle, takeOffered } from './clients.ts'
import { checkDay, openExam } from './exam.ts'
import { carrierTrouble, clockwork, disaster, reconcile, work } from './machine.ts'
import { dayMs, minuteMs, type Organization } from './model.ts'
import { halfHours } from './moments.ts'
import { changeCalendar, changeSettings, closeADay, forget } from './owner.ts'
import { openRandom, type Random } from './random.ts'
import type { Scene } from './scene.ts'
import { type Actor, openTimeline } from './timeline.ts'
import { openTrace, type Trace } from './trace.ts'
import { openWire } from './wire.ts'
import { openWorld, type World } from './world.ts'

export interface Run {
  readonly seed: string
  readonly days: number
  /** A migrated database, empty. */
  readonly databaseUrl: string
  readonly onDay?: (done: number) => void
}

export interface Outcome {
  readonly trace: Trace
  readonly days: number
  readonly startedAt: string
  readonly seconds: number
}

export class SimulationFailed extends Error {}

/** @throws SimulationFailed with seed, day, the last actions and the command that replays it */
export async function simulate(run: Run): Promise<Outcome> {
  return staging(run, async (scene, startsAt) => {
    const began = performance.now()
    await live(run, scene, startsAt)
    return { trace: scene.trace, days: run.days, startedAt: new Date(startsAt).toISOString(), seconds: (performance.now() - began) / 1000 }
  })
}

/** Opens everything, lets `work` have it, and closes it again. */
export async function staging<T>(run: Run, work: (scene: Scene, startsAt: number) => Promise<T>): Promise<T> {
  const random = openRandom(run.seed)
  // Years in which the clocks of Apia, of Lord Howe and of the rest change, and one that skips a day.
  const startsAt = Date.UTC(random.int(2011, 2031), random.int(0, 11), random.int(1, 28))
  const world = await openWorld({ databaseUrl: run.databaseUrl, startsAt: new Date(startsAt).toISOString(), random })
  const wire = openWire(world)
  try {
    const timeline = openTimeline((at) => world.clock.set(new Date(at).toISOString()))
    const organizations = await foundAll(world)
    return await work({ world, wire, trace: openTrace(), timeline, organizations }, startsAt)
  } finally {
    wire.close()
    await world.close()
  }
}

export async function live(run: Run, scene: Scene, startsAt: number): Promise<void> {
  const random = openRandom(run.seed)
  const exam = openExam(scene)
  scene.world.office.onPlaced = (call) => {
    const organization = scene.organizations.find(({ number }) => number === call.from)
    const at = Math.ceil((scene.world.clock.now().getTime() + 1) / 10_000) * 10_000
    const name = `placed ${call.to} ${at}`
    if (organization) scene.timeline.add(at, organization.lane, name, placed(scene, organization, call, random.fork(name)))
  }
  let day = 0
  try {
    for (const organization of scene.organizations) await addPerson(scene, organization)
    for (; day < run.days; day++) {
      const midnight = startsAt + day * dayMs
      planDay(scene, midnight, random.fork(`day ${day}`))
      await scene.timeline.run(midnight + dayMs)
      await checkDay(scene, exam, { last: false })
      run.onDay?.(day + 1)
    }
    await comeToRest(scene, startsAt + run.days * dayMs, random)
    await checkDay(scene, exam, { last: true })
  } catch (error) {
    throw new SimulationFailed(describe(run, day, scene.trace, error), { cause: error })
  }
}

/** Nobody rings any more; what was begun comes to its end. */
async function comeToRest(scene: Scene, at: number, random: Random): Promise<void> {
  scene.world.office.fault.left = 0
  await scene.timeline.run(at + dayMs)
  for (let hour = 0; hour < 3; hour++) {
    const from = at + dayMs + hour * 60 * minuteMs
    scene.world.clock.set(new Date(from).toISOString())
    await clockwork(scene, random.fork(`rest ${hour}`))
    await scene.timeline.run(from + 60 * minuteMs)
  }
}

function describe({ seed, days }: Run, day: number, trace: Trace, error: unknown): string {
  return [
    `seed ${seed}, day ${day}, after ${trace.actions} actions: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    `the last ${trace.last().length} actions:`,
    ...trace.last(),
    `again: npm run simulate -- --seed ${seed} --days ${Math.min(days, day + 1)}`,
  ].join('\n')
}

const founded = [
  { id: 100, name: 'Acme Corporation', domain: 'acme.example', timezone: 'Europe/London', number: '+15005550006', resources: 1 },
  { id: 200, name: 'Other Limited', domain: 'other.example', timezone: 'America/New_York', number: '+15005550007', resources: 2 },
  { id: 300, name: 'Third and Daughters', domain: 'third.example', timezone: 'Australia/Lord_Howe', number: '+15005550008', resources: 3 },
] as const

const supervisor = { firstName: 'Sam', lastName: 'Supervisor', mobile: '+447709000000', roles: ['supervisor'] } as const

async function foundAll(world: World): Promise<Organization[]> {
  const organizations: Organization[] = []
  for (const [index, { number, resources, ...wanted }] of founded.entries()) {
    const house = world.house()
    const found = await foundOrganization(house, {
      ...wanted,
      language: 'en',
      settings: { recordingEnabled: index === 1 },
      number: { e164: number, sid: null },
    })
    const session = house.openSession(systemPrincipal(wanted.id, 'simulation'))
    // Who asks for a person at the first one finds nobody, and may leave a message.
    if (index > 0)
      await createUser(session, house, { ...supervisor, username: `supervisor@${wanted.domain}`, email: `supervisor@${wanted.domain}` })
    for (let extra = 1; extra < resources; extra++) await addResource(session, `Chair ${extra + 1}`)
    const rows = await world.examine<{ id: string }>('SELECT id FROM booking.resources WHERE organization_id = $1 ORDER BY id', [wanted.id])
    organizations.push({
      index,
      lane: `org-${wanted.id}`,
      founded: found,
      number,
      resources: rows.map(({ id }) => Number(id)),
      calendar: { ...usualCalendar, timezone: wanted.timezone },
      holidays: new Set(),
      settings: { voicemailEnabled: true, recordingEnabled: index === 1 },
      people: [],
      appointments: new Map(),
      erased: new Set(),
      nextMobile: 0,
    })
  }
  return organizations
}

const weights = {
  ring: 24,
  book: 26,
  rush: 5,
  move: 12,
  cancel: 8,
  settle: 8,
  race: 4,
  offered: 4,
  person: 3,
  place: 3,
  calendar: 2,
  holiday: 1.5,
  settings: 1,
  forget: 0.7,
} as const
const needsOpen = new Set<string>(['move', 'cancel', 'settle', 'race'])
const needsPerson = new Set<string>(['book', 'rush', 'offered', 'place', 'forget'])

function planDay(scene: Scene, midnight: number, random: Random): void {
  const busy: number[] = []
  for (const organization of scene.organizations) {
    const own = random.fork(organization.lane)
    for (const [index, at] of halfHours(own, midnight, own.int(0, 3)).entries()) {
      const kind = own.weighted(weights)
      busy.push(at)
      scene.timeline.add(
        at,
        organization.lane,
        `${midnight} ${index} ${kind}`,
        act(scene, organization, kind, own.fork(`${index} ${kind}`)),
      )
    }
  }
  planMachine(scene, midnight, random.fork('machine'), busy)
}

function planMachine(scene: Scene, midnight: number, random: Random, busy: readonly number[]): void {
  const add = (at: number, name: string, doing: (scene: Scene, random: Random) => Promise<unknown>) =>
    scene.timeline.once(at, 'machine', `${midnight} ${name}`, () => doing(scene, random.fork(name)))
  // Five seconds past what organisations do: a job finds what was done before it, in every run of a seed.
  for (const [index, at] of halfHours(random, midnight, 3).entries()) add(at + 5_000, `work ${index}`, work)
  for (const [index, at] of halfHours(random, midnight, 2).entries()) add(at + 185_000, `reconcile ${index}`, reconcile)
  if (random.chance(0.2)) add(midnight + 13 * 60 * minuteMs + 15_000, 'clockwork', clockwork)
  if (busy.length > 0 && random.chance(0.1)) add(random.pick(busy) + random.pick([0, 0, 10, 20, 30, 40]) * 1000, 'disaster', disaster)
  if (random.chance(0.05)) add(random.pick(halfHours(random, midnight, 1)) + 4_000, 'carrier', carrierTrouble)
}

async function* act(scene: Scene, organization: Organization, kind: keyof typeof weights, random: Random): Actor {
  if (kind === 'ring') return yield* ring(scene, organization, random)
  if (needsOpen.has(kind) && openOnes(organization).length === 0) return
  if (needsPerson.has(kind) && organization.people.length === 0) return
  await deeds[kind](scene, organization, random)
}

type Deed = (scene: Scene, organization: Organization, random: Random) => Promise<unknown>
const deeds: Readonly<Record<Exclude<keyof typeof weights, 'ring'>, Deed>> = {
  book,
  rush,
  move,
  cancel,
  settle,
  race,
  offered: takeOffered,
  person: addPerson,
  place,
  calendar: changeCalendar,
  holiday: closeADay,
  settings: changeSettings,
  forget,
}
