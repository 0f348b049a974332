// What an organisation's own people decide: opening hours, holidays, buffers, zone, what is recorded, and that somebody is
// to be forgotten.
import { addHoliday, type CalendarSettings, setCalendar } from '../../src/domain/booking/index.ts'
import { erasePerson } from '../../src/domain/privacy/index.ts'
import { adminToken } from './calls.ts'
import { isOpen, type Organization } from './model.ts'
import type { Random } from './random.ts'
import { isRefused, note, nowOf, persist, type Scene } from './scene.ts'
import { broken } from './violation.ts'

const zones = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu', 'America/St_Johns']
const weekly = (openings: [string, string][], weekdays: number[]) => Object.fromEntries(weekdays.map((day) => [day, openings]))
const hours: readonly CalendarSettings['openingHours'][] = [
  weekly([['09:00', '17:30']], [1, 2, 3, 4, 5]),
  weekly(
    [
      ['08:00', '12:00'],
      ['13:30', '19:00'],
    ],
    [1, 2, 3, 4, 5, 6],
  ),
  weekly([['00:00', '24:00']], [1, 2, 3, 4, 5, 6, 7]),
  weekly([['20:00', '06:00']], [4, 5, 6, 7]),
  weekly(
    [
      ['10:00', '10:30'],
      ['10:30', '16:00'],
    ],
    [1, 3, 5],
  ),
]

export async function changeCalendar(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const { calendar } = organization
  const change: Partial<CalendarSettings> = {
    hours: { openingHours: random.pick(hours) },
    buffers: { bufferBeforeMin: random.pick([0, 0, 5, 15]), bufferAfterMin: random.pick([0, 10, 30]) },
    zone: { timezone: random.pick(zones) },
    rules: {
      minNoticeMin: random.pick([0, 30, 120, 1440]),
      maxAheadDays: random.pick([30, 90, 400]),
      slotMinutes: random.pick([10, 15, 30]),
    },
    messages: { confirmBySms: random.chance(0.5), remindBeforeMin: random.pick([null, 60, 1440]) },
  }[random.weighted({ hours: 3, buffers: 2, zone: 2, rules: 2, messages: 1 })]
  organization.calendar = { ...calendar, ...change }
  await persist(scene, organization.founded.organizationId, (session) => setCalendar(session, organization.calendar))
  note(scene, organization, `calendar ${JSON.stringify(change)}`, 'changed')
}

export async function closeADay(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const zoned = Temporal.Instant.fromEpochMilliseconds(nowOf(scene)).toZonedDateTimeISO(organization.calendar.timezone)
  const day = zoned
    .add({ days: random.int(1, 90) })
    .toPlainDate()
    .toString()
  await persist(scene, organization.founded.organizationId, (session) => addHoliday(session, day, 'Closed'))
  organization.holidays.add(day)
  note(scene, organization, `holiday ${day}`, 'added')
}

export async function changeSettings(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const { organizationId } = organization.founded
  const settings = { recordingEnabled: random.chance(0.4), voicemailEnabled: random.chance(0.7) }
  const token = await adminToken(scene, organization)
  const answer = await scene.wire.bearer(
    token,
    'PUT',
    `/v1/organizations/${organizationId}/settings`,
    settings,
    `settings-${random.int(0, 2 ** 31)}`,
  )
  if (answer.status !== 200) broken('settings were refused', { settings, answer })
  organization.settings = settings
  note(scene, organization, `settings ${JSON.stringify(settings)}`, 'changed')
}

/** Everything about them goes; what lay before them is cancelled. Who is on the line is left alone. */
export async function forget(scene: Scene, organization: Organization, random: Random): Promise<void> {
  const person = random.pick(organization.people)
  const now = nowOf(scene)
  try {
    await persist(scene, organization.founded.organizationId, (session, house) => erasePerson(session, { id: person.id }, house))
  } catch (error) {
    if (!isRefused(error) || error.code !== 'contact_on_call') throw error
    return note(scene, organization, `forget ${person.mobile}`, 'refused')
  }
  organization.people.splice(organization.people.indexOf(person), 1)
  organization.erased.add(person.id)
  for (const kept of organization.appointments.values()) {
    if (kept.personId !== person.id) continue
    kept.notes = null
    if (isOpen(kept) && kept.startsAt >= now) kept.status = 'cancelled'
  }
  note(scene, organization, `forget ${person.mobile}`, 'forgotten')
}
