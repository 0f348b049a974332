// The command as it is run, with the real npm, against a registry that speaks npm's words and knows what the test says.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'

const script = fileURLToPath(new URL('packages.ts', import.meta.url))
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString()
const ghsa = 'GHSA-abcd-2345-wxyz'

/** By name, when each version was published; the last is what its makers give. */
let releases: Record<string, Record<string, string>>
/** As the bulk endpoint gives them; null where there is no such endpoint. */
let advisories: Record<string, object[]> | null
/** By GHSA id. */
let publications: Record<string, string>
let asked: { path: string; body: unknown }[]
let server: Server
let url: string
let folder: string

const holeIn = (name: string, range: string, severity = 'critical') => ({
  [name]: [
    {
      id: 1100001,
      url: `https://github.com/advisories/${ghsa}`,
      title: `${name} opens the door`,
      severity,
      vulnerable_versions: range,
      cwe: ['CWE-1'],
      cvss: { score: 9.8, vectorString: null },
    },
  ],
})

beforeEach(async () => {
  releases = {
    '@scope/direct': { '1.0.0': daysAgo(400), '1.0.1': daysAgo(80) },
    inner: { '0.9.0': daysAgo(500), '0.9.1': daysAgo(300) },
  }
  advisories = {}
  publications = {}
  asked = []
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  folder = mkdtempSync(join(tmpdir(), 'patchbay-packages-'))
  mkdirSync(join(folder, 'home'))
  install()
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

/** A project of `@scope/direct`, which needs `inner`, and of others. */
function install(...others: string[]): void {
  const devDependencies = { '@scope/direct': '1.0.0', ...Object.fromEntries(others.map((name) => [name, '1.0.0'])) }
  const root = { name: 'house', version: '1.0.0', devDependencies }
  const packages = {
    '': root,
    'node_modules/@scope/direct': { version: '1.0.0', dev: true, dependencies: { inner: '^0.9.0' } },
    'node_modules/inner': { version: '0.9.0', dev: true },
    ...Object.fromEntries(others.map((name) => [`node_modules/${name}`, { version: '1.0.0', dev: true }])),
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(root))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages }))
}

/** https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md, and what npm sends to the bulk endpoint. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(request.url ?? '')
  const sent = await buffer(request)
  const body = request.headers['content-encoding'] === 'gzip' ? JSON.parse(gunzipSync(sent).toString()) : null
  asked.push({ path, body })
  const [status, value] = request.method === 'POST' ? bulk(path) : (found(path) ?? [404, { error: 'Not found' }])
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

const bulk = (path: string): [number, unknown] =>
  advisories !== null && path === '/-/npm/v1/security/advisories/bulk' ? [200, advisories] : [405, {}]

function found(path: string): [number, unknown] | null {
  const published_at = publications[path.replace('/github/', '')]
  if (published_at) return [200, { ghsa_id: ghsa, published_at }]
  const name = path.slice(1)
  const time = releases[name]
  if (!time) return null
  const versions = Object.fromEntries(
    Object.keys(time).map((version) => [version, { name, version, dist: { tarball: `${url}/${name}/-/${version}.tgz`, shasum: '0' } }]),
  )
  return [200, { _id: name, name, 'dist-tags': { latest: Object.keys(time).at(-1) }, versions, time: { created: daysAgo(900), ...time } }]
}

/** Nothing of this machine's npm, neither its settings nor its cache; that it is told to ask nobody and to leave out must not be obeyed. */
function packages(registry = url): Promise<{ code: unknown; lines: string[] }> {
  const home = join(folder, 'home')
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const silent = { npm_config_offline: 'true', NODE_ENV: 'production' }
  const env = { ...silent, PATH, NODE_COMPILE_CACHE, HOME: home, npm_config_cache: join(home, 'cache'), npm_config_registry: registry }
  return new Promise((resolve) => {
    execFile(process.execPath, [script, '--advisories', `${url}/github`], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, lines: `${stdout}${stderr}`.trim().split('\n') }),
    )
  })
}

test('what is within its time is one line and 0', async () => {
  advisories = holeIn('inner', '<0.9.1')
  publications = { [ghsa]: daysAgo(6) }
  expect(await packages()).toEqual({ code: 0, lines: ['No time frame is breached (2 packages, known holes: 1, asked for updates: 1).'] })
  expect(asked.find(({ body }) => body !== null)?.body).toEqual({ '@scope/direct': ['1.0.0'], inner: ['0.9.0'] })
})

test('a critical hole known for more than seven days, of any package, and an update not made in three months are named, and 1', async () => {
  advisories = holeIn('inner', '<0.9.1')
  publications = { [ghsa]: daysAgo(8) }
  Object.assign(releases['@scope/direct'] ?? {}, { '1.0.1': daysAgo(93), '1.0.2': daysAgo(1) })
  expect(await packages()).toEqual({
    code: 1,
    lines: [
      `Breached: inner 0.9.0 has a critical hole known for 8 days, 7 are allowed: inner opens the door (https://github.com/advisories/${ghsa}). Mended in 0.9.1.`,
      'Breached: @scope/direct 1.0.0 is behind: 1.0.1 has been out for 93 days, 92 are allowed.',
    ],
  })
})

test('a hole whose advisory has no date counts from what mends it, and the line says so', async () => {
  advisories = holeIn('@scope/direct', '<=1.0.1', 'high')
  Object.assign(releases['@scope/direct'] ?? {}, { '2.0.0': daysAgo(31) })
  expect(await packages()).toEqual({
    code: 1,
    lines: [
      expect.stringContaining('@scope/direct 1.0.0 has a high hole that could be mended for 31 days (its advisory has no date), 30 are'),
    ],
  })
})

test('a registry that is not reached is a sentence and 2, not a silent 0', async () => {
  install('one', 'two', 'three', 'four', 'five')
  expect(await packages('http://127.0.0.1:1')).toEqual({
    code: 2,
    lines: [
      expect.stringMatching(/^Not judged: Known holes could not be asked for: .*ECONNREFUSED/),
      expect.stringMatching(/^Not judged: The releases of \S+ could not be asked for \(ECONNREFUSED\)/),
    ],
  })
})

test('a registry that knows no advisories is a sentence and 2; what is breached beside that is still 1', async () => {
  advisories = null
  const sentence = expect.stringMatching(/^Not judged: Known holes could not be asked for: 405 Method Not Allowed/)
  expect(await packages()).toEqual({ code: 2, lines: [sentence] })
  Object.assign(releases['@scope/direct'] ?? {}, { '1.0.1': daysAgo(93) })
  expect(await packages()).toEqual({ code: 1, lines: [expect.stringContaining('Breached: @scope/direct 1.0.0'), sentence] })
})

test('what the registry does not have or cannot date is left to people by name, and 2', async () => {
  advisories = holeIn('inner', '*', 'moderate')
  releases = { '@scope/direct': { '1.0.0': daysAgo(400), '1.0.1': 'yesterday' } }
  const { code, lines } = await packages()
  expect(code).toBe(2)
  expect(lines.sort()).toEqual([
    expect.stringMatching(/^Not judged: The registry does not say when @scope\/direct 1\.0\.1 was published\.$/),
    expect.stringMatching(/^Not judged: The releases of inner could not be asked for \(E404\)/),
    expect.stringMatching(/^Not judged: inner 0\.9\.0 has a moderate hole without a date that no version mends: inner opens the door/),
  ])
})

test('without a lock file nothing is breached and nothing is well: 2', async () => {
  rmSync(join(folder, 'package-lock.json'))
  expect((await packages()).code).toBe(2)
})
