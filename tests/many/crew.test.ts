// `patchbay serve --processes`: several processes that look like one to whoever starts them, stops them or connects to them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { request as requestTls } from 'node:https'
import { createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { partnerCertificate, partnerKey } from '../support/partner.ts'
import { type Process, startProcess } from '../support/processes.ts'
import { testing } from '../support/settings.ts'
import { until } from '../support/until.ts'

let house: TestHouse
let crew: Process | undefined
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(async () => {
  crew?.child.kill('SIGKILL')
  await house?.close()
})

const membersOf = ({ pid }: Process): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

/** `Connection: close`, so that each request may go to another process. */
const statusOver = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    requestTls(`${url}/healthz`, { ca: partnerCertificate, checkServerIdentity: () => undefined, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })

describe.runIf(existsSync('/proc/self/task'))('a crew of processes', () => {
  test('with PORT=0 and a certificate has one free port together, speaks TLS in each, and ends at Ctrl-C, cleanly and soon', async () => {
    crew = await startProcess('serve', {
      databaseUrl: house.databaseUrl,
      env: { TLS_CERT: partnerCertificate, TLS_KEY: partnerKey },
      port: 0,
      args: ['--processes', '2'],
    })
    const members = membersOf(crew)
    expect(members).toHaveLength(2)
    expect(crew.url).toMatch(/^https:.*:[1-9]\d*$/)
    for (let round = 0; round < 6; round++) expect(await statusOver(crew.url)).toBe(200)
    const began = performance.now()
    for (const pid of members) process.kill(pid, 'SIGINT') // a terminal sends it to the whole group
    expect(await crew.end('SIGINT')).toBe(0)
    expect(performance.now() - began).toBeLessThan(10_000)
    await until('all of them to be gone', async () => !members.some(isAlive))
    expect(crew.errors()).toBe('')
  })

  test('on a port that is taken says by whom, once, and leaves nothing behind', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as { port: number }
    const root = fileURLToPath(new URL('../../', import.meta.url))
    const child = spawn(process.execPath, ['src/cli/index.ts', 'serve', '--processes', '2'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...testing, DATABASE_URL: house.databaseUrl, PORT: String(port) },
    })
    const [out, err, [code]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), once(child, 'exit')])
    holder.close()
    expect(code).toBe(1)
    expect(`${out}${err}`.trim().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^Port ${port} is taken by .*\\(pid ${process.pid}\\)`)),
    ])
  })
})
