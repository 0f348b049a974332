import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { requirements } from './asvs-requirements.ts'

// A row without proof says why, in words enough to be a reason.
const root = new URL('../..', import.meta.url).pathname
const at = 'docs/security/asvs.md'
const page = readFileSync(join(root, at), 'utf8')
const rows = page
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 7 && /^\d+\.\d+\.\d+$/.test(cells[1] ?? ''))
  .map(([, id = '', level = '', asks = '', how = '', proof = '']) => ({ id, level, asks, how, proof }))
const openOnes = [...(page.split('## 1. ')[0] ?? '').matchAll(/^\| (\d+\.\d+\.\d+) \|/gm)].map(([, id]) => id)

interface Link {
  readonly id: string
  readonly text: string
  readonly file: string
  readonly heading: string | undefined
}
const links: Link[] = rows.flatMap(({ id, proof }) =>
  [...proof.matchAll(/\[(.+?)\]\(([^)#]+)(?:#([^)]+))?\)(?=<br>|$)/g)].map(([, text = '', path = '', heading]) => ({
    id,
    text,
    file: join(dirname(at), path),
    heading,
  })),
)
const sources = new Map<string, string>()
function sourceOf(file: string): string {
  const known = sources.get(file) ?? readFileSync(join(root, file), 'utf8').replace(/\\(['"`])/g, '$1')
  sources.set(file, known)
  return known
}

/** A name as the source has it: `%s` stands for what each case of a table puts there. */
const isNamed = (source: string, name: string): boolean => ["'", '"', '`'].some((quote) => source.includes(`${quote}${name}${quote}`))

const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

describe('the table of ASVS 5.0', () => {
  test('has every requirement of levels 1 and 2 once, with its level', () => {
    const wanted = Object.entries(requirements).flatMap(([level, ids]) => ids.map((id) => `${id} at ${level}`))
    expect(rows.map(({ id, level }) => `${id} at ${level}`).sort()).toEqual(wanted.sort())
    expect(rows).toHaveLength(253)
  })

  test('says of each what it asks, in at most twelve words', () => {
    expect(rows.filter(({ asks }) => asks === '' || asks.split(/\s+/).length > 12)).toEqual([])
  })

  test('has for each a proof, or a reason of five words or more', () => {
    const reason = /^(?:not applicable|not met): (?:\S+\s+){4,}\S+$/
    const proven = (proof: string) => proof !== '' && proof.split('<br>').every((item) => /^\[.+\]\(.+\)$/.test(item))
    expect(rows.filter(({ proof }) => !reason.test(proof) && !proven(proof))).toEqual([])
    expect(rows.filter(({ how, proof }) => how.split(' ').length < 2 && !proof.startsWith('not applicable:'))).toEqual([])
  })

  test('links to what is there: a test by its name, a document by its heading, and to nothing else', () => {
    expect(links.length).toBeGreaterThan(200)
    const broken = links.filter(({ file, text, heading }) => {
      if (!existsSync(join(root, file))) return true
      const [path, ...names] = text.split(' › ')
      if (path !== file) return true
      if (file.endsWith('.test.ts')) return names.length === 0 || !names.every((name) => isNamed(sourceOf(file), name))
      if (file.endsWith('.ts')) return true
      const headings = [...sourceOf(file).matchAll(/^#+ (.+)$/gm)].map(([, words = '']) => anchorOf(words))
      return heading !== undefined && !headings.includes(heading)
    })
    expect(broken).toEqual([])
  })

  test('counts truly, and names at its top whatever is not met', () => {
    const [unmet, foreign] = ['not met:', 'not applicable:'].map((word) => rows.filter(({ proof }) => proof.startsWith(word)))
    expect(openOnes).toEqual(unmet?.map(({ id }) => id))
    const [total, met, none, open] =
      /Of (\d+) requirements (\d+) are met, (\d+) do not apply, and (\d+) are open/.exec(page)?.slice(1).map(Number) ?? []
    expect([total, none, open]).toEqual([rows.length, foreign?.length, unmet?.length])
    expect(met).toBe(rows.length - (foreign?.length ?? 0) - (unmet?.length ?? 0))
  })
})

describe('SECURITY.md and what stands beside it', () => {
  test('link to what is there', () => {
    const files = [
      'SECURITY.md',
      ...['asvs', 'authentication', 'cryptography', 'data', 'logging'].map((name) => `docs/security/${name}.md`),
    ]
    const dead = files.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/\]\((?!https:)([^)#]+)/g)]
        .map(([, path = '']) => join(dirname(file), path))
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${file}: ${path}`),
    )
    expect(dead).toEqual([])
  })

  test('every package is pinned by version and hash, and none runs anything when it is installed', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { integrity?: string }> }
    const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
    expect(packages.length).toBeGreaterThan(100)
    expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([])
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('ignore-scripts=true')
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >
    expect(Object.values({ ...dependencies, ...devDependencies }).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })
})
