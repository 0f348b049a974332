// README is what a newcomer follows: every block of commands in it runs here, against a Patchbay started as it says,
// in a folder that holds nothing else; every link leads somewhere and every variable is one.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) => text.trim())

/** What a block must say beyond ending well, by a word of it. */
const promises: readonly [string, (output: string) => void][] = [
  ['patchbay call', (output) => expect(output).toContain('That is booked')],
  ['/v1/calls', (output) => expect(JSON.parse(output).calls).toHaveLength(2)],
  ['/appointments?', (output) => expect(JSON.parse(output).appointments).toHaveLength(2)],
  ['/auth/login', (output) => expect(JSON.parse(output)).toMatchObject({ token_type: 'bearer' })],
  ['audit verify', (output) => expect(output).toContain('the chain is whole')],
]

let folder: string
let patchbay: ChildProcess
const environment = () => {
  const { PATCHBAY_DATA: _data, DATABASE_URL: _url, ...inherited } = process.env
  return { ...inherited, PORT: '0', LOG_LEVEL: 'warn' }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'patchbay-readme-'))
  symlinkSync(join(root, 'patchbay'), join(folder, 'patchbay'))
  patchbay = spawn('./patchbay', ['up'], { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] })
  await readyOf(patchbay)
}, 120_000)

afterAll(async () => {
  if (patchbay.exitCode === null) {
    const gone = once(patchbay, 'exit')
    patchbay.kill('SIGTERM')
    await gone
  }
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

/** Resolves when the last lines of a start are shown. */
function readyOf(child: ChildProcess): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('Patchbay is ready')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`patchbay up ended with ${code}:\n${said}`)))
  })
}

describe('README', () => {
  test('has the commands that it promises', () => expect(blocks.length).toBeGreaterThanOrEqual(5))

  test.each(blocks)('runs: %s', { timeout: 60_000 }, async (block) => {
    const { stdout } = await promisify(execFile)('sh', ['-euc', block], { cwd: folder, env: environment() })
    expect(stdout.trim()).not.toBe('')
    for (const [word, keeps] of promises) if (block.includes(word)) keeps(stdout)
  })

  test('names no variable that is not a setting', () => {
    const settings = readFileSync(join(root, 'docs/settings.md'), 'utf8')
    const rows = [...readme.matchAll(/^\| ((?:`[A-Z_0-9]+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) => names.match(/[A-Z_0-9]+/g) ?? [])
    expect(rows.length).toBeGreaterThan(8)
    for (const name of rows) expect(settings).toContain(`\`${name}\``)
  })
})

describe.each(['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'SECURITY.md', 'CHANGELOG.md'])('%s', (name) => {
  test('links to what is there', () => {
    const text = readFileSync(join(root, name), 'utf8')
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
    const missing = links.filter((link) => !existsSync(join(root, dirname(name), link)))
    expect(missing).toEqual([])
  })
})
