// npm run packages [-- --advisories URL]: holds package-lock.json against the time frames of docs/security/data.md, by what the
// registry that npm is set to knows today. Ends with 1 when one is breached, else with 2 when something could not be judged.
// Advisories' dates come from GitHub, or from a server at URL that answers as its API does.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { getPublication, getReleases, listAdvisories, RegistryError } from './registry.ts'
import { type Advisory, type Breach, type Installed, judge, type Releases } from './time-frames.ts'

const { values } = parseArgs({ options: { advisories: { type: 'string', default: 'https://api.github.com/advisories' } } })
const needs = Type.Optional(Type.Record(Type.String(), Type.String()))
const entry = Type.Object({
  name: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  dependencies: needs,
  devDependencies: needs,
  optionalDependencies: needs,
})
const lockFile = Type.Object({ packages: Type.Record(Type.String(), entry) })

function readLock(): Installed[] {
  const { packages } = Value.Parse(lockFile, JSON.parse(readFileSync('package-lock.json', 'utf8')))
  const root = packages['']
  const direct = new Set(Object.keys({ ...root?.dependencies, ...root?.devDependencies, ...root?.optionalDependencies }))
  const found = new Map<string, Installed>()
  for (const [path, { name, version }] of Object.entries(packages)) {
    const [, parent, folder = ''] = /^(.*)\bnode_modules\/(.+)$/.exec(path) ?? []
    if (parent === undefined || version === undefined) continue // this project itself
    const one = { name: name ?? folder, version, isDirect: parent === '' && direct.has(folder) }
    const key = `${one.name}@${version}`
    if (!found.get(key)?.isDirect) found.set(key, one)
  }
  return [...found.values()]
}

const problems: string[] = []
let isOver = false

/** Null for what could not be asked; why is among the problems. */
async function ask<Answer>(question: () => Promise<Answer>): Promise<Answer | null> {
  if (isOver) return null
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    if (!isOver) problems.push(error.message)
    isOver ||= error.isFinal
    return null
  }
}

/** Four at a time: each is a process of npm's. */
async function askReleases(names: Iterable<string>, releases: Map<string, Releases>): Promise<void> {
  const waiting = [...new Set(names)].filter((name) => !releases.has(name))
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const wanted = name
      const found = await ask(() => getReleases(wanted))
      if (found) releases.set(wanted, found)
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
}

function sentenceOf({ name, version, advisory, instead, since, allowedDays }: Breach, today: Date): string {
  const days = Math.floor((today.getTime() - since.getTime()) / 86_400_000)
  if (advisory === null) return `${name} ${version} is behind: ${instead} has been out for ${days} days, ${allowedDays} are allowed.`
  const counted = advisory.publishedAt ? `known for ${days} days` : `that could be mended for ${days} days (its advisory has no date)`
  const way = instead === null ? 'No version mends it.' : `Mended in ${instead}.`
  return `${name} ${version} has a ${advisory.severity} hole ${counted}, ${allowedDays} are allowed: ${advisory.title} (${advisory.url}). ${way}`
}

async function run(): Promise<number> {
  const installed = readLock()
  const today = new Date()
  const releases = new Map<string, Releases>()
  const undated = (await ask(listAdvisories)) ?? []
  const direct = installed.filter(({ isDirect }) => isDirect).map(({ name }) => name)
  await askReleases([...direct, ...undated.map(({ name }) => name)], releases)
  const advisories = await Promise.all(
    undated.map(async (one): Promise<Advisory> => ({ ...one, publishedAt: await getPublication(values.advisories, one.url) })),
  )
  const judgement = judge(installed, { advisories, releases }, today)
  for (const breach of judgement.breaches) console.log(`Breached: ${sentenceOf(breach, today)}`)
  const byHand = judgement.undated.map(
    ({ name, version, advisory: { severity, title, url } }) =>
      `${name} ${version} has a ${severity} hole without a date that no version mends: ${title} (${url}).`,
  )
  for (const problem of [...problems, ...byHand]) console.log(`Not judged: ${problem}`)
  if (judgement.breaches.length > 0) return 1
  if (problems.length + byHand.length > 0) return 2
  const counts = `${installed.length} packages, known holes: ${judgement.holes}, asked for updates: ${direct.length}`
  console.log(`No time frame is breached (${counts}).`)
  return 0
}

try {
  process.exitCode = await run()
} catch (error) {
  process.exitCode = 2 // 1 says that a time frame is breached, and nothing else does
  console.error(error)
}
