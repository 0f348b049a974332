// npm run fuzz as somebody types it: a run of one operation, and a request that failed before, sent again to a new server.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { replayOf } from '../fuzz/report.ts'
import { effort } from '../support/effort.ts'

const folder = mkdtempSync(join(tmpdir(), 'patchbay-replay-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fuzz = (...args: string[]): Promise<{ code: number; lines: string[] }> =>
  new Promise((resolve) => {
    const cwd = fileURLToPath(new URL('../../', import.meta.url))
    execFile(process.execPath, ['scripts/fuzz.ts', ...args], { cwd }, (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, lines: stdout.trim().split('\n') }),
    )
  })

describe.runIf(effort({ full: true, short: true, taste: false }))('npm run fuzz', () => {
  test('a run of one operation asks nothing else, says what it leaves out, and ends with how it went', async () => {
    const { code, lines } = await fuzz('--requests', '120', '--seed', '5', '--operation', 'calls.list')
    expect(lines[0]).toMatch(/^seed 5, 120 requests to http/)
    expect(lines[1]).toBe('/graphql is not served here: its queries are skipped')
    expect(lines.filter((line) => /^\w+\.\S+ +\d/.test(line)).map((line) => line.split(' ')[0])).toEqual(['sapien.calls.list'])
    expect(lines.filter((line) => line.startsWith('never answered well'))).toEqual([])
    expect([lines.at(-1), code]).toEqual(['120 passed, 0 failed', 0])
  })

  test('a request in a file is sent again with the new server’s own credentials, and judged', async () => {
    const file = join(folder, 'request.json')
    const request = {
      number: 7,
      kind: 'forged' as const,
      note: 'a door that the file calls shut',
      method: 'GET',
      target: '/v1/calls',
      headers: [
        ['host', '127.0.0.1:1'],
        ['authorization', 'Bearer eyJhIjoxfQ.eyJhIjoxfQ.of-a-server-that-is-gone'],
      ] as const,
      body: null,
      breaksFraming: false,
      mustNotPass: true,
    }
    writeFileSync(file, replayOf(request, 5))
    const { code, lines } = await fuzz('--replay', file)
    expect(lines.some((line) => line.startsWith('200 {"calls":'))).toBe(true)
    expect([lines.at(-1), code]).toEqual(['0 passed, 1 failed', 1])
  })

  test('a number that is none is refused before anything is started', async () => {
    expect(await fuzz('--requests', 'many')).toMatchObject({ code: 2 })
  })
})
