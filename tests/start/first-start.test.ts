// The first minute of a newcomer: an empty folder, what the screen then shows, and how it ends.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test, vi } from 'vitest'

const program = fileURLToPath(new URL('../../patchbay', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'patchbay-start-'))
const data = join(folder, 'data')
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))

/** ./patchbay up, until `shown` or until it ends. */
async function up(env: Record<string, string>, shown = (screen: string) => screen.includes('Ctrl-C stops it.')) {
  const child = spawn(program, ['up'], {
    env: { ...process.env, PATCHBAY_DATA: data, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let screen = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      screen += part
    })
  const ended = once(child, 'close').then(([code]) => Number(code))
  await Promise.race([vi.waitUntil(() => child.exitCode !== null || shown(screen), { timeout: 45_000, interval: 20 }), ended])
  return { child, ended, screen: () => screen }
}

/** Processes that have this data folder in their command line or environment. */
const leftBehind = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => ['cmdline', 'environ'].some((file) => mentions(`/proc/${pid}/${file}`)))

function mentions(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes(folder)
  } catch {
    return false // it has just ended, or is somebody else's
  }
}

describe.runIf(existsSync('/proc/self'))('a start on an empty folder', () => {
  test('that is interrupted stops cleanly; the next one books a call, and every printed line works in sh', async () => {
    const first = await up({}, () => existsSync(join(data, 'demo.unfinished')))
    first.child.kill('SIGINT')
    first.child.kill('SIGINT')
    expect(await first.ended).toBe(0)
    expect(first.screen()).not.toMatch(/\n +at /)

    const { child, ended, screen } = await up({})
    expect(screen()).toMatch(/first start was interrupted.*Booked: Grace Hopper/s)
    const lines = screen()
      .split('\n')
      .filter((line) => /^ {2}(curl|TOKEN=)/.test(line))
    expect(lines).toHaveLength(4)
    const pasted = spawnSync('sh', ['-c', lines.join('\n')], { cwd: folder, encoding: 'utf8' })
    expect(pasted.status).toBe(0)
    const [appointment, call] = pasted.stdout.trim().split('\n')
    expect(JSON.parse(appointment ?? '')).toMatchObject({ full_name: 'Grace Hopper', status: 'booked' })
    expect(JSON.parse(call ?? '')).toMatchObject({ outcome: 'booked', status: 'completed' })
    expect(readFileSync(join(folder, 'call.wav')).subarray(0, 4).toString()).toBe('RIFF')
    const credentials = JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8'))

    child.kill('SIGINT')
    expect(await ended).toBe(0)
    await expect.poll(leftBehind, { timeout: 5_000 }).toEqual([])

    const again = await up({})
    expect(again.screen()).not.toContain('Somebody rings')
    expect(JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8'))).toMatchObject({
      apiKey: credentials.apiKey,
      admin: credentials.admin,
      oauth: credentials.oauth,
    })
    again.child.kill('SIGTERM')
    expect(await again.ended).toBe(0)

    rmSync(join(data, 'credentials.json'))
    const renewed = await up({})
    renewed.child.kill('SIGTERM')
    expect(await renewed.ended).toBe(0)
    expect(JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8')).organizationId).toBe(100)
  }, 90_000)
})

describe('a start that cannot be is one sentence, and ends with 1', () => {
  const refused = async (env: Record<string, string>) => {
    const { ended, screen } = await up(env)
    expect(await ended).toBe(1)
    expect(screen()).not.toMatch(/\n +at /)
    return screen()
  }

  test('a port that is taken names who has it', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const address = holder.address()
    const port = String(address && typeof address === 'object' ? address.port : 0)
    const said = await refused({ PORT: port, PATCHBAY_DATA: join(folder, 'unused') })
    expect(said).toContain(`Port ${port} is taken by `)
    if (existsSync('/proc/self')) expect(said).toContain(`(pid ${process.pid})`)
    holder.close()
  })

  test('a data folder that is a file', async () => {
    writeFileSync(join(folder, 'file'), '')
    expect(await refused({ PATCHBAY_DATA: join(folder, 'file') })).toMatch(/PATCHBAY_DATA=\S+ is no folder/)
  })

  test('production without a SECRET_KEY, and nothing is written', async () => {
    const unused = join(folder, 'production')
    expect(await refused({ APP_ENV: 'production', SECRET_KEY: '', PATCHBAY_DATA: unused })).toMatch(/SECRET_KEY must be set in production/)
    expect(existsSync(unused)).toBe(false)
  })
})
