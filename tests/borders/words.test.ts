import { describe, expect, test } from 'vitest'
import { problemsOf } from '../../scripts/borders/words.ts'

const inDomain = (source: string) => problemsOf('src/domain/people/rule.ts', source)

describe('words that belong to one place', () => {
  test.each([
    ['const port = process.env.PORT', 'process.env', 'src/platform/config/index.ts'],
    ["const port = process['env'].PORT", 'process.env', 'src/platform/config/index.ts'],
    ['const { env } = process', 'process.env', 'src/platform/config/index.ts'],
    ['const now = Date.now()', 'the clock', 'src/platform/time/index.ts'],
    ['const read = Date.now', 'the clock', 'src/platform/time/index.ts'],
    ['const now = new Date()', 'the clock', 'src/platform/time/index.ts'],
    ['const now = Temporal.Now.instant()', 'the clock', 'src/platform/time/index.ts'],
    ['const dice = Math.random()', 'Math.random', 'sandbox/voice.ts'],
    ["const q = 'SELECT id FROM people.users'", 'SQL', 'src/domain/people/rule.sql.ts'],
    ['const q = `\n  INSERT INTO people.users VALUES (1)`', 'SQL', 'src/domain/people/rule.sql.ts'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a template
    ['const q = `UPDATE ${table} SET a = 1`', 'SQL', 'src/platform/db/database.ts'],
    ["const q = 'DELETE FROM people.users'", 'SQL', 'src/domain/people/rule.sql.ts'],
    ["const q = 'WITH a AS (SELECT 1) SELECT 2'", 'SQL', 'src/domain/people/rule.sql.ts'],
    ["const q = 'SELECT pg_notify($1, $2)'", 'SQL', 'src/domain/people/rule.sql.ts'],
  ])('%s is noticed as %s, and is at home in %s', (source, name, home) => {
    const problems = inDomain(source)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${name} has no place here`)
    expect(problemsOf(home, source)).toEqual([])
  })

  test('the line is the right one, after lines in any script, in the first file and in later ones', () => {
    const source = '// „Größe“ – 電話\nconst a = 1\n\nexport const now = Date.now()\n'
    expect(inDomain(source)[0]).toMatch(/rule\.ts:4 /)
    expect(inDomain(source)[0]).toMatch(/rule\.ts:4 /)
  })

  test.each([
    'const at = new Date(given)',
    '// process.env is read elsewhere; SELECT a FROM b',
    "const text = 'Select a person from the list'",
    "const text = 'UPDATE your number'",
    'const env = settings.env',
    'const clock = { now: () => at }; clock.now()',
  ])('%s is nobody’s business', (source) => {
    expect(inDomain(source)).toEqual([])
  })

  test('the sandbox reads its environment in settings.ts alone', () => {
    expect(problemsOf('sandbox/main.ts', 'process.env.A')).toHaveLength(1)
    expect(problemsOf('sandbox/settings.ts', 'process.env.A')).toEqual([])
  })
})
