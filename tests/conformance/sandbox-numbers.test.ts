// The reference lists the numbers of the sandbox that runs beside the server, and reads without one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'

const sandbox = spawn(process.execPath, ['sandbox/main.ts'], {
  env: { ...process.env, SANDBOX_PORT: '0', SANDBOX_TIED: '1', SANDBOX_SPEED: 'instant' },
  stdio: ['pipe', 'pipe', 'inherit'],
})
let baseUrl = ''
let house: TestHouse
beforeAll(async () => {
  const [line] = await once(createInterface(sandbox.stdout), 'line')
  baseUrl = (JSON.parse(String(line)) as { baseUrl: string }).baseUrl
  house = await openTestHouse({ env: { TWILIO_BASE_URL: baseUrl, PATCHBAY_SANDBOX: 'auto' } })
})
afterAll(async () => {
  await house?.close()
  sandbox.kill()
})

const page = async (one: TestHouse) => (await one.request('GET', '/reference')).text()

describe('the sandbox’s numbers', () => {
  test('are all on the page, with what each does', async () => {
    const { numbers } = (await (await fetch(`${baseUrl}/sandbox/magic-numbers`)).json()) as { numbers: { number: string; does: string }[] }
    const text = await page(house)
    expect(numbers.length).toBeGreaterThan(10)
    for (const { number, does } of numbers) {
      expect(text).toContain(number)
      expect(text).toContain(does.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('"', '&quot;'))
    }
  })

  test('are not on the page of a server without a sandbox, which reads all the same', async () => {
    const alone = await openTestHouse({ env: { PATCHBAY_SANDBOX: 'auto' } })
    try {
      const text = await page(alone)
      expect(text).toContain('No sandbox runs beside this server now.')
      expect(text).toContain('id="sapien-users-list"')
    } finally {
      await alone.close()
    }
  })
})
