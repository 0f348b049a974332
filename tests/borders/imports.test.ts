import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkImports } from '../../scripts/borders/imports.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'borders-'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** A file that exports something, and imports what is named. */
function write(path: string, ...imports: string[]): void {
  const lines = imports.map((target, index) =>
    target.startsWith('type ')
      ? `import type { a as a${index} } from '${target.slice(5)}'\nexport type T${index} = typeof a${index}`
      : `import { a as a${index} } from '${target}'\nexport const b${index} = a${index}`,
  )
  mkdirSync(join(root, dirname(path)), { recursive: true })
  writeFileSync(join(root, path), `${lines.join('\n')}\nexport const a = 1\n`)
}

/** A house in order, with one file of each kind. */
function writeHouse(): void {
  write('src/platform/time/index.ts')
  write('src/domain/people/index.ts', './person.ts')
  write('src/domain/people/person.ts', '../../platform/time/index.ts')
  write('src/domain/people/ports.ts')
  write('src/domain/calls/index.ts', '../people/index.ts')
  write('src/providers/twilio/index.ts', '../../domain/people/ports.ts')
  write('src/providers/openai/index.ts')
  write('src/contracts/sapien/users.ts', '../../domain/people/index.ts')
  write('src/contracts/bella/contract.ts')
  write('src/cli/index.ts', '../contracts/sapien/users.ts')
  write('sandbox/main.ts')
  write('tests/support/house.ts')
}

const rulesBroken = async () => [...new Set((await checkImports(root)).problems.map((problem) => problem.split(':')[0]))]

describe('who may know whom', () => {
  test('a house in order has no problem, and it was looked at', async () => {
    writeHouse()
    const { modules, dependencies, problems } = await checkImports(root)
    expect(problems).toEqual([])
    expect(modules).toBe(11)
    expect(dependencies).toBe(6)
  })

  const breaches: [string, string, string, string[]][] = [
    ['no-cycles', 'src/domain/people/person.ts', '', ['./index.ts']],
    ['platform-knows-no-business', 'src/platform/time/clock.ts', '', ['../../domain/people/index.ts']],
    ['platform-knows-no-business', 'src/platform/time/clock.ts', 'even for a type', ['type ../../domain/people/index.ts']],
    ['domain-knows-no-door', 'src/domain/people/rule.ts', 'a contract', ['../../contracts/sapien/users.ts']],
    ['domain-knows-no-door', 'src/domain/people/rule.ts', 'a provider', ['../../providers/twilio/index.ts']],
    ['domain-uses-no-framework', 'src/domain/people/rule.ts', 'HTTP', ['node:http']],
    ['domain-by-its-face', 'src/contracts/sapien/other.ts', '', ['../../domain/people/person.ts']],
    ['domain-neighbours-by-their-face', 'src/domain/calls/call.ts', '', ['../people/person.ts']],
    ['domain-one-way', 'src/domain/people/person.ts', '', ['../calls/index.ts']],
    ['contracts-know-no-contract', 'src/contracts/sapien/other.ts', '', ['../bella/contract.ts']],
    ['contracts-call-the-domain', 'src/contracts/sapien/other.ts', '', ['../../providers/twilio/index.ts']],
    ['providers-behind-ports', 'src/providers/twilio/rest.ts', '', ['../../domain/people/person.ts']],
    ['providers-know-no-provider', 'src/providers/twilio/rest.ts', '', ['../openai/index.ts']],
    ['world-outside-stays-outside', 'sandbox/caller.ts', '', ['../src/platform/time/index.ts']],
    ['server-knows-no-sandbox', 'src/cli/up.ts', '', ['../../sandbox/main.ts']],
    ['product-knows-no-test', 'src/cli/up.ts', '', ['../../tests/support/house.ts']],
  ]
  test.each(breaches)('%s is noticed in %s %s', async (rule, file, _what, imports) => {
    writeHouse()
    write(file, ...imports)
    expect(await rulesBroken()).toContain(rule)
  })

  test.each([
    ['the domain', 'src/domain/people/rule.ts', 'domain-uses-no-framework'],
    ['a contract', 'src/contracts/sapien/other.ts', 'contracts-call-the-domain'],
  ])('a driver in %s is noticed, though it is a package', async (_where, file, rule) => {
    writeHouse()
    mkdirSync(join(root, 'node_modules/pg'), { recursive: true })
    writeFileSync(join(root, 'node_modules/pg/package.json'), '{"name":"pg","main":"index.js"}')
    writeFileSync(join(root, 'node_modules/pg/index.js'), 'exports.a = 1')
    write(file, 'pg')
    expect(await rulesBroken()).toEqual([rule])
  })

  test('a longer way back between domain folders is noticed, types included, and the way is named', async () => {
    writeHouse()
    write('src/domain/billing/index.ts', '../calls/index.ts')
    write('src/domain/people/rule.ts', 'type ../billing/index.ts')
    expect((await checkImports(root)).problems.join()).toContain('people → billing → calls → people')
  })

  test('what all domain folders share beside them makes no way back', async () => {
    writeHouse()
    write('src/domain/jobs.ts', './people/index.ts')
    write('src/domain/calls/call.ts', '../people/index.ts')
    write('src/domain/words.ts')
    write('src/domain/people/rule.ts', '../words.ts')
    expect(await rulesBroken()).toEqual([])
  })

  test('types may go both ways between two files', async () => {
    writeHouse()
    write('src/domain/people/rule.ts', './person.ts')
    write('src/domain/people/person.ts', 'type ./rule.ts')
    expect(await rulesBroken()).toEqual([])
  })

  test('every problem says what to use instead', async () => {
    writeHouse()
    write('src/domain/calls/call.ts', '../people/person.ts')
    expect((await checkImports(root)).problems.join()).toContain('Import the neighbour’s index.ts')
  })
})
