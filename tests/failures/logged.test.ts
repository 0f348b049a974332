// What nobody foresaw is told to the operator, once, with the request's id and its cause; to the caller never.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import type { Answer } from '../hostile/judge.ts'
import { type OpenGround, openGround } from './ground.ts'
import { overHttp } from './scenarios.ts'

const lines: { level: string; requestId?: string; err?: { message: string; stack: string } }[] = []
let ground: OpenGround
beforeAll(async () => {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  ground = await openGround({ log: createLogger({ level: 'error', destination }) })
})
afterAll(() => ground?.close())

async function fail(name: string, statement: string, code: 'XX000' | '57014'): Promise<Answer> {
  const scenario = overHttp(ground.arena).find((one) => one.name === name)
  if (!scenario) throw new Error(`there is no scenario ${name}`)
  const attempt = await scenario.prepare()
  lines.length = 0
  ground.faults.arm(statement, code)
  const answer = await attempt.run()
  expect(ground.faults.fired()).toBe(true)
  return answer
}

test.each([
  ['users.get', 'users_select_json'],
  ['contacts.create', 'contact_insert'],
  ['appointments.create under an idempotency key', 'appointment_insert'],
  ['voice.status', 'call_lock'],
])('%s: an error that nobody foresaw is logged once, by the request’s id, with its cause', async (name, statement) => {
  const { status, headers, body } = await fail(name, statement, 'XX000')
  expect(status).toBe(500)
  expect(body).not.toContain('secret words')
  const told = lines.filter(({ requestId }) => requestId === headers['x-request-id'])
  expect(told).toHaveLength(1)
  expect(told[0]?.err?.message).toContain('secret words of the inside')
  expect(lines).toHaveLength(1)
})

test('a database that cannot answer just now is no error of the request’s: it is not logged for each of them', async () => {
  const answer = await fail('users.get', 'users_select_json', '57014')
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
  expect(lines).toEqual([])
})
