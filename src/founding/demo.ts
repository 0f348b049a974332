// The demo organisation of a first start: Acme Corporation, number 100, with an assistant on its main line, people, two
// weeks of calls, appointments ahead and, where there is a sandbox, recordings and voicemail of calls that really rang.
import { setCalendar, usualCalendar } from '../domain/booking/index.ts'
import { createUser } from '../domain/people/index.ts'
import type { ReceptionServices } from '../domain/reception/index.ts'
import { type Principal, systemPrincipal } from '../platform/auth/index.ts'
import type { Database } from '../platform/db/index.ts'
import { openSession } from '../platform/session/index.ts'
import { maskValue } from '../platform/telemetry/index.ts'
import { movableClock } from '../platform/time/index.ts'
import { builtinUnderstanding } from '../providers/understanding/index.ts'
import { playHistory } from './demo-history.ts'
import { ringThroughSandbox } from './demo-live.ts'
import { type ColleagueKey, colleagues, scenes } from './demo-plot.ts'
import { demoZone, instantOf } from './demo-time.ts'
import { type Founded, type FoundingServices, foundOrganization } from './organization.ts'

export const demoNumber = '+15005550006'
export const demoOrganizationId = 100
const domain = 'acme.example'
export const demoAdmin = `admin@${domain}`
const calendar = { ...usualCalendar, timezone: demoZone }

export type DemoServices = FoundingServices & Pick<ReceptionServices, 'caches'>

/** `sandboxUrl`: where the sandbox is controlled, which must host the demo's number already; null leaves out what rings. */
export async function foundDemo(services: DemoServices, sandboxUrl: string | null): Promise<Founded> {
  const now = services.clock.now()
  const clock = movableClock(instantOf({ day: -11, time: '09:00' }, now).toISOString())
  const past: FoundingServices = { ...services, clock, openSession: (principal) => sessionAt(services, clock, principal) }
  const founded = await foundAcme(past)
  const session = past.openSession(systemPrincipal(founded.organizationId, 'founding'))
  const userIds = await hire(past, founded.organizationId)
  // Nobody is to be told today of what was booked last week.
  await setCalendar(session, { ...calendar, confirmBySms: false, remindBeforeMin: null })
  const reception = { caches: services.caches, understanding: builtinUnderstanding }
  await playHistory({ session, clock, number: demoNumber, userIds, reception, now }, scenes)
  const present = services.openSession(session.principal)
  await setCalendar(present, calendar)
  if (sandboxUrl) await ringThroughSandbox(present, { sandboxUrl, number: demoNumber, now })
  return founded
}

const foundAcme = (services: FoundingServices): Promise<Founded> =>
  foundOrganization(services, {
    id: demoOrganizationId,
    name: 'Acme Corporation',
    domain,
    timezone: demoZone,
    language: 'en',
    settings: { defaultCountry: 'GB' },
    number: { e164: demoNumber, sid: null },
  })

function sessionAt(services: FoundingServices, clock: { now(): Date }, principal: Principal) {
  const { log } = services.openSession(principal)
  return openSession({ database: hurried(services.database), clock, log, principal, requestId: null, address: null, mask: maskValue })
}

/** Hundreds of small changes need not each wait for the disk: the last change of the demo, which does, settles them all. */
const hurried = (database: Database): Database => ({
  ...database,
  transaction: (organizationId, work) =>
    database.transaction(organizationId, async (connection) => {
      await connection.command('SET LOCAL synchronous_commit TO off')
      return work(connection)
    }),
})

async function hire(services: FoundingServices, organizationId: number): Promise<Record<ColleagueKey, number>> {
  const session = services.openSession(systemPrincipal(organizationId, 'founding'))
  const ids: [string, number][] = []
  for (const [key, { firstName, lastName, mobile, roles }] of Object.entries(colleagues)) {
    const email = `${key}@${domain}`
    ids.push([key, await createUser(session, services, { username: email, email, firstName, lastName, mobile, roles })])
  }
  return Object.fromEntries(ids) as Record<ColleagueKey, number>
}
