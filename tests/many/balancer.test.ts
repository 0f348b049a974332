// Two `patchbay serve` of their own behind a balancer that knows nothing of them: a call whose turns go to one and the other, and
// a server that is exchanged while requests arrive.
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLoad } from '../chaos/rolling-load.ts'
import { type Balancer, openBalancer } from '../support/balancer.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { type Process, startProcess } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { authToken, openLine } from '../voice/carrier.ts'

let house: TestHouse
let balancer: Balancer
let db: pg.Client
const running = new Set<Process>()
beforeAll(async () => {
  ;[house, balancer] = await Promise.all([openTestHouse(), openBalancer()])
  db = new pg.Client({ connectionString: house.databaseUrl })
  await db.connect()
  balancer.targets = (await Promise.all([start(), start()])).map(({ url }) => url)
})
afterAll(async () => {
  await Promise.all([...running].map((process) => process.end()))
  await balancer?.close()
  await db?.end()
  await house?.close()
})

async function start(): Promise<Process> {
  const env = { PUBLIC_URL: balancer.url, TRUSTED_PROXIES: 'loopback', DRAIN_S: '2' }
  const process = await startProcess('serve', { databaseUrl: house.databaseUrl, env })
  running.add(process)
  return process
}

/** The same organisation, asked through the balancer. */
const behind = (): TestHouse => ({
  ...house,
  url: balancer.url,
  request: (method, path, { form, headers } = {}) =>
    fetch(`${balancer.url}${path}`, { method, headers: headers ?? {}, ...(form ? { body: new URLSearchParams(form) } : {}) }),
})

test('a call is signed for the public address, and each turn goes on where the other server left off', async () => {
  const line = openLine(behind())
  await line.ring()
  for (const words of ["I'd like an appointment", 'Siobhan Ó Briain', 'next thursday at ten', 'yes']) await line.say(words)
  const { rows } = await db.query(
    'SELECT for_name AS name FROM booking.appointments a JOIN contacts.contacts c ON c.id = a.contact_id WHERE c.mobile = $1',
    [line.from],
  )
  expect(rows).toHaveLength(1)
  expect([...balancer.answered.values()].every((count) => count > 1)).toBe(true)
})

test('whose address is written down is the client’s, not the balancer’s', async () => {
  const body = JSON.stringify({ full_name: 'Ada Lovelace', mobile: '+447911123456' })
  const headers = { 'x-api-key': house.org.apiKey, 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' }
  expect((await fetch(`${balancer.url}/users`, { method: 'POST', headers, body })).status).toBe(201)
  const { rows } = await db.query('SELECT address FROM platform.audit_log WHERE address IS NOT NULL ORDER BY at DESC LIMIT 1')
  expect(rows).toEqual([{ address: '203.0.113.7' }])
})

test('a server is exchanged for another, and no request fails', async () => {
  const { apiKey } = house.org
  const load = startLoad({ url: balancer.url, apiKey, phoneNumber: house.org.phoneNumber ?? '', authToken, perSecond: 60, connections: 8 })
  const [old] = [...running]
  if (!old) return expect.unreachable()
  const newcomer = await start()
  balancer.targets = [...balancer.targets.filter((target) => target !== old.url), newcomer.url]
  expect(await old.end()).toBe(0)
  running.delete(old)
  const before = load.answered()
  await until('the newcomer to have answered', async () => load.answered() > before + 20)
  await load.stop()
  expect(load.failures).toEqual([])
  const { rows } = await db.query(`SELECT FROM contacts.contacts WHERE full_name = 'Grace Hopper'`)
  expect(rows).toHaveLength(load.done.people)
})
