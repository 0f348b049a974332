// The simulation's own promises: a seed replays, and each invariant sees what it is there to see. The runs here are short; the
// long ones are tests/chaos/simulation.test.ts and `npm run simulate`.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prewriting } from '../../src/domain/calls/wire.sql.ts'
import { migrate } from '../../src/platform/db/index.ts'
import { createDatabase, type TestDatabase, templateReady } from '../support/postgres.ts'
import { type Exam, invariants, openExam, rowsOf } from './exam.ts'
import { openRandom } from './random.ts'
import { live, type Run, simulate, staging } from './simulate.ts'

const template = () => templateReady(async (url) => void (await migrate({ url })))
const opened: TestDatabase[] = []
async function runOf(seed: string, days: number): Promise<Run> {
  const database = await createDatabase(await template())
  opened.push(database)
  return { seed, days, databaseUrl: database.url }
}
afterAll(async () => {
  for (const database of opened) await database.drop()
})

test('a draw depends on the seed and the name alone, and stays within its bounds', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(100), (seed, name, from, width) => {
      const [one, other] = [openRandom(seed), openRandom(seed)]
      one.next()
      expect(one.fork(name).next()).toBe(other.fork(name).next())
      const drawn = other.int(from, from + width)
      expect(drawn).toBeGreaterThanOrEqual(from)
      expect(drawn).toBeLessThanOrEqual(from + width)
    }),
  )
})

/** Enough for calls, bookings, events and a placed call; and a crash in the middle. */
const seed = 'twice'
const days = 6

describe('a run', () => {
  let exam: Exam
  let done: () => void
  let staged: Promise<void>
  let hash: string

  beforeAll(async () => {
    const run = await runOf(seed, days)
    const ready = Promise.withResolvers<void>()
    const over = Promise.withResolvers<void>()
    done = over.resolve
    staged = staging(run, async (scene, startsAt) => {
      await live(run, scene, startsAt)
      hash = scene.trace.hash()
      exam = openExam(scene)
      ready.resolve()
      await over.promise
    })
    await Promise.race([ready.promise, staged])
  })
  afterAll(async () => {
    done()
    await staged
  })

  test('has calls with a text and counted ones, whose truth the invariants then find out', async () => {
    const [found] = await rowsOf<{ texts: number; counted: number }>(
      exam,
      'SELECT (SELECT count(prewritten)::int FROM calls.calls) AS texts, (SELECT coalesce(sum(calls), 0)::int FROM calls.tallies) AS counted',
    )
    expect(found?.texts).toBeGreaterThan(0)
    expect(found?.counted).toBeGreaterThan(0)
  })

  test('of the same seed does the same', async () => {
    const again = await simulate(await runOf(seed, days))
    expect(again.trace.actions).toBeGreaterThan(20)
    expect(again.trace.hash()).toBe(hash)
  })

  /** What is done to the database (and undone), or to what we remember or keep, and the invariant that must say so. */
  const damages: readonly (readonly [keyof typeof invariants, string, string[] | ((exam: Exam) => () => void)])[] = [
    [
      'overlap',
      'a second booking lies on the first',
      [
        'ALTER TABLE booking.appointments DROP CONSTRAINT no_double_booking',
        `INSERT INTO booking.appointments (organization_id, contact_id, resource_id, starts_at, ends_at, busy, source, created_at, updated_at)
         SELECT organization_id, contact_id, resource_id, starts_at, ends_at, busy, source, created_at, updated_at
           FROM booking.appointments WHERE status <> 'cancelled' LIMIT 1`,
      ],
    ],
    ['acknowledged', 'there is a booking that nobody made', forgetOne],
    ['acknowledged', 'a booking that was acknowledged is not there', inventOne],
    ['forward', 'a call is live again', [`UPDATE calls.calls SET status = 'ringing', ended_at = NULL WHERE status = 'completed'`]],
    ['forward', 'a leg never ends', ['UPDATE calls.legs SET ended_at = NULL']],
    ['forward', 'a call was answered after its end', [`UPDATE calls.calls SET answered_at = ended_at + interval '1 second'`]],
    [
      'told',
      'a call rang after it had ended',
      [
        `UPDATE platform.events SET type = 'call.ringing' WHERE type = 'call.voicemail' OR type = 'call.completed'`,
        `UPDATE platform.events SET type = 'call.completed' WHERE type = 'call.answered'`,
      ],
    ],
    ['agreement', 'a call lasted longer here', ['UPDATE calls.calls SET duration_s = duration_s + 1']],
    [
      'agreement',
      'a call ended earlier here',
      [`UPDATE calls.calls SET ended_at = ended_at - interval '1 second' WHERE status = 'completed'`],
    ],
    ['agreement', 'a call is not known here', ['DELETE FROM calls.provider_calls']],
    ['ledger', 'a minute is not billed', [`DELETE FROM billing.usage WHERE kind LIKE 'voice.%'`]],
    ['ledger', 'a call says another cost', ['UPDATE calls.calls SET cost_micros = cost_micros + 1']],
    ['ledger', 'an entry is below nothing', ['UPDATE billing.usage SET quantity = -1, cost_micros = -1']],
    [
      'prewritten',
      'a call changed and its text did not',
      ['DROP TRIGGER prewritten ON calls.calls', `UPDATE calls.calls SET prewritten = '"id":"old"', prewritten_by = ${prewriting.writer}`],
    ],
    [
      'tallies',
      'a call was counted twice',
      [
        `INSERT INTO calls.tallies SELECT organization_id, '00000000-0000-0000-0000-000000000001', 0 FROM tenancy.organizations ON CONFLICT DO NOTHING`,
        'UPDATE calls.tallies SET calls = calls + 1',
      ],
    ],
    ['events', 'an event is lost', ['DELETE FROM platform.events WHERE seq = 3']],
    [
      'events',
      'the last event is lost',
      ['DELETE FROM platform.events e USING platform.feeds f WHERE e.organization_id = f.organization_id AND e.seq = f.seq'],
    ],
    ['events', 'a booking was told of as something else', [`UPDATE platform.events SET type = 'other' WHERE type = 'appointment.created'`]],
    ['events', 'a booking is not in the audit log', [`DELETE FROM platform.audit_log WHERE action = 'appointment.created'`]],
    [
      'isolation',
      'a customer of one is in the book of another',
      [`UPDATE contacts.contacts SET mobile = '+44770199' || id WHERE organization_id = 100`],
    ],
    [
      'drained',
      'a job was given up',
      [`SELECT graphile_worker.add_job('calls.place')`, 'UPDATE graphile_worker._private_jobs SET attempts = max_attempts'],
    ],
    ['idle', 'a leg is of no call', ['DELETE FROM calls.calls']],
    ['idle', 'a file is of nobody', leaveAFile],
  ]

  test.each(damages)('%s sees that %s', async (name, _, damage) => {
    const { check } = invariants[name]
    expect(await check(fresh(exam), { last: true })).toEqual([])
    await exam.scene.world.examine('BEGIN')
    const undo = typeof damage === 'function' ? damage(exam) : () => {}
    try {
      if (typeof damage !== 'function') for (const sql of damage) await exam.scene.world.examine(sql)
      expect(await check(fresh(exam), { last: true })).not.toEqual([])
    } finally {
      undo()
      await exam.scene.world.examine('ROLLBACK')
    }
  })

  test('a call that goes back is seen by who saw it before', async () => {
    const at = fresh(exam)
    await invariants.forward.check(at, { last: false })
    for (const [id, seen] of at.calls) at.calls.set(id, { ...seen, status: 'voicemail' })
    expect(await invariants.forward.check(at, { last: false })).not.toEqual([])
  })

  // The last: the log is damaged for good, because its verdict reads what is committed.
  test('audit sees that an entry was edited', async () => {
    expect(await invariants.audit.check(exam, { last: true })).toEqual([])
    await exam.scene.world.examine(`UPDATE platform.audit_log SET actor = 'nobody' WHERE seq = 2`)
    expect(await invariants.audit.check(exam, { last: true })).not.toEqual([])
  })
})

const fresh = ({ scene }: Exam): Exam => ({ ...openExam(scene), since: new Date(0) })

/** Somebody's bookings, and one of them. */
function anyBooking({ scene }: Exam) {
  for (const { appointments } of scene.organizations) for (const kept of appointments.values()) return { appointments, kept }
  throw new Error('nobody has booked anything in this run')
}

function forgetOne(exam: Exam): () => void {
  const { appointments, kept } = anyBooking(exam)
  appointments.delete(kept.id)
  return () => void appointments.set(kept.id, kept)
}

function inventOne(exam: Exam): () => void {
  const { appointments, kept } = anyBooking(exam)
  appointments.set(1_000_000, { ...kept, id: 1_000_000 })
  return () => void appointments.delete(1_000_000)
}

function leaveAFile({ scene }: Exam): () => void {
  const path = join(scene.world.dataFolder, 'blobs', 'kept', 'stray')
  writeFileSync(path, 'x')
  return () => rmSync(path)
}
