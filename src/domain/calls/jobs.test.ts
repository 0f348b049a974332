// What runs every few minutes for as long as the house stands must not take longer the more calls there ever were.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { touchedBy } from '../../../tests/support/reads.ts'
import { elsewhere, here, openTenants, type Tenants } from '../../../tests/support/tenants.ts'
import type { Principal } from '../../platform/auth/index.ts'
import type { Statement } from '../../platform/db/index.ts'
import { factsByHand } from '../../platform/jobs/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { selectOrganizationsWithSilentCalls, selectSilentCalls } from './calls.sql.ts'
import { forEachOrganization } from './each.ts'
import { callJobs, prewriteCalls, tallyCalls } from './index.ts'
import { lockUnwritten, selectOrganizationsWithUnwrittenCalls } from './prewrite.sql.ts'
import { reconcileCalls } from './reconcile.ts'
import { countOn, selectOrganizationsWithUncountedCalls } from './tally.sql.ts'
import { fakeNetwork, fakeUrls } from './telephony.fixture.ts'

let tenants: Tenants
beforeAll(async () => {
  tenants = await openTenants()
  tenants.clock.set(new Date().toISOString()) // calls are counted by PostgreSQL's clock
  for (const organizationId of [here, elsewhere]) await tenants.query(insertCalls, [organizationId, tenants.clock.now()], organizationId)
  for (const name of ['calls.prewrite', 'calls.tally']) await run(name)
  await tenants.vacuum('calls.calls')
})
afterAll(() => tenants.close())

/** Over a month, all of them over, one in ten with a message. */
const insertCalls = `
  INSERT INTO calls.calls (organization_id, id, direction, from_number, to_number, status, provider, started_at, ended_at, duration_s,
                           reported_duration_s, updated_at)
  SELECT $1, (left(platform.uuid_floor(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid, 'inbound', '+441632960111',
         '+15005550006', CASE WHEN n % 10 = 0 THEN 'voicemail' ELSE 'completed' END, 'twilio', at, at, 43, 43, at
    FROM generate_series(1, 5000) AS n, LATERAL (SELECT $2::timestamptz - interval '2 hours' - n * interval '8 minutes' AS at) AS began`

const reconcile: typeof prewriteCalls = (session, options) => reconcileCalls(session, { ...options, telephony: fakeNetwork() })

async function run(name: string): Promise<void> {
  const job = callJobs({ telephony: fakeNetwork(), callUrls: fakeUrls, openSession: tenants.sessionOf }).find((one) => one.name === name)
  if (!job) throw new Error(`there is no job ${name}`)
  await job.handle(tenants.session(), {}, factsByHand(tenants.session()))
}

describe('where all is done', () => {
  test('every call has a text and is counted', async () => {
    const count = `SELECT (SELECT count(prewritten)::int FROM calls.calls) AS written, (SELECT calls::int FROM calls.tallies) AS counted`
    expect(await tenants.query(count, [], elsewhere)).toEqual([{ written: 5000, counted: 5000 }])
  })

  test.each([
    ['who has silent calls', selectOrganizationsWithSilentCalls],
    ['which are silent', selectSilentCalls],
    ['who has calls without a text', selectOrganizationsWithUnwrittenCalls],
    ['which are without a text', lockUnwritten],
    ['who has calls that are not counted', selectOrganizationsWithUncountedCalls],
    ['how many are not counted', countOn],
  ] as readonly (readonly [string, Statement<object, unknown>])[])('%s is known without looking at every call', async (_what, look) => {
    const ago = new Date(tenants.clock.now().getTime() - 120_000)
    const params = { quietSince: ago, silentSince: ago, provider: 'twilio', most: 50_000 }
    const { read } = await touchedBy(tenants.session(), 'calls.calls', (tx) => tx.list(look, params))
    expect(read).toBeLessThan(40)
  })
})

describe('what a job does for every organisation', () => {
  const found = [{ organizationId: here }, { organizationId: elsewhere }]
  const all = (work: (session: Session) => Promise<number>) =>
    forEachOrganization(found, { subject: 'job:test', openSession: tenants.sessionOf, work })

  test('is done for each in a session of its own, and summed', async () => {
    expect(await all(async ({ organizationId, principal }) => (principal.subject === 'job:test' ? organizationId : 0))).toBe(
      here + elsewhere,
    )
  })

  test('is done for one after the other', async () => {
    let running = 0
    const seen: number[] = []
    await all(async (session) => {
      seen.push(++running)
      await session.list(selectSilentCalls, { provider: 'twilio', silentSince: tenants.clock.now() })
      return --running
    })
    expect(seen).toEqual([1, 1])
  })

  test('is done for the others when one fails, and then fails for that reason', async () => {
    const done: number[] = []
    const work = async ({ organizationId }: Session) => {
      if (organizationId === here) throw new Error('locked')
      return done.push(organizationId)
    }
    await expect(all(work)).rejects.toThrow('locked')
    expect(done).toEqual([elsewhere])
  })

  test('is begun for nobody more once the attempt is over', async () => {
    const attempt = new AbortController()
    const done: number[] = []
    const work = async ({ organizationId }: Session) => {
      attempt.abort(new Error('it did not end within 300 s'))
      return done.push(organizationId)
    }
    const stopped = forEachOrganization(found, { subject: 'job:test', openSession: tenants.sessionOf, signal: attempt.signal, work })
    await expect(stopped).rejects.toThrow('it did not end within 300 s')
    expect(done).toEqual([here])
  })

  test.each([
    ['calls are written', prewriteCalls],
    ['calls are counted', tallyCalls],
    ['calls are asked about', reconcile],
  ])('stops in the middle of an organisation where %s', async (_what, job) => {
    await tenants.query(insertCalls, [here, new Date(tenants.clock.now().getTime() - 86_400_000 * 60)])
    await tenants.query(`DELETE FROM calls.tallies`)
    await tenants.query(`UPDATE calls.calls SET status = 'ringing', answered_at = NULL WHERE id IN (SELECT id FROM calls.calls LIMIT 20)`)
    const attempt = new AbortController()
    const opened: number[] = []
    const openSession = (principal: Principal) => {
      attempt.abort(new Error('over'))
      opened.push(principal.organizationId)
      return tenants.sessionOf(principal)
    }
    await expect(job(tenants.session(), { openSession, signal: attempt.signal })).rejects.toThrow('over')
    expect(opened).toEqual([here])
  })

  test('says how many failed, and why each did', async () => {
    const failing = all(({ organizationId }) => Promise.reject(new Error(`no ${organizationId}`)))
    await expect(failing).rejects.toMatchObject({
      message: 'job:test failed for 2 organisations',
      errors: [{ message: 'no 100' }, { message: 'no 200' }],
    })
  })
})

test('what is done every few minutes is done every few minutes', () => {
  const services = { telephony: fakeNetwork(), callUrls: fakeUrls, openSession: tenants.sessionOf }
  expect(Object.fromEntries(callJobs(services).map(({ name, cron = null }) => [name, cron]))).toEqual({
    'calls.place': null,
    'calls.reconcile': '* * * * *',
    'calls.prewrite': '* * * * *',
    'calls.tally': '*/10 * * * *',
  })
})
