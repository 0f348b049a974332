// What the registry that npm is set to knows of packages, asked by npm itself: its settings, logins and proxies hold here too.
// What cannot be asked is thrown as a sentence.
import { execFile } from 'node:child_process'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Advisory, Releases } from './time-frames.ts'

/** Why something could not be asked, as a sentence. With `isFinal`, nothing else can be asked either. */
export class RegistryError extends Error {
  readonly isFinal: boolean
  constructor(sentence: string, isFinal: boolean) {
    super(sentence)
    this.isFinal = isFinal
  }
}

const text = Type.String()
const audit = Type.Object({
  vulnerabilities: Type.Record(
    text,
    Type.Object({
      via: Type.Array(Type.Union([text, Type.Object({ name: text, severity: text, title: text, url: text, range: text })])),
    }),
  ),
})
const auditFailure = Type.Object({ message: text })
const view = Type.Object({
  versions: Type.Union([text, Type.Array(text)]),
  time: Type.Record(text, Type.Unknown()),
  'dist-tags': Type.Optional(Type.Record(text, text)),
})
const viewFailure = Type.Object({ error: Type.Object({ code: text, summary: text }) })
const published = Type.Object({ published_at: text })

/** Every hole that is known of a package of the lock file, production or not, without dates: npm's report has none. */
export async function listAdvisories(): Promise<Advisory[]> {
  const report = await npm(['audit', '--package-lock-only', '--include=dev', '--include=optional', '--include=peer'])
  if (!Value.Check(audit, report)) {
    const why = Value.Check(auditFailure, report) ? report.message : 'npm audit did not say why'
    throw new RegistryError(`Known holes could not be asked for: ${why}.`, false)
  }
  // What is a string there says that a package needs another one that has a hole.
  const vias = Object.values(report.vulnerabilities).flatMap(({ via }) => via)
  return vias.flatMap((via) => (typeof via === 'string' ? [] : [{ ...via, publishedAt: null }]))
}

export async function getReleases(name: string): Promise<Releases> {
  const answer = await npm(['view', name, 'versions', 'time', 'dist-tags'])
  if (Value.Check(viewFailure, answer)) {
    const { code, summary } = answer.error
    throw new RegistryError(`The releases of ${name} could not be asked for (${code}): ${summary}.`, !/^E4\d\d$/.test(code))
  }
  if (!Value.Check(view, answer)) throw new RegistryError(`The registry does not say when the versions of ${name} were published.`, false)
  const dates = [answer.versions].flat().map((version) => [version, dateOf(answer.time[version])] as const)
  const undated = dates.find(([, date]) => date === null)
  if (undated) throw new RegistryError(`The registry does not say when ${name} ${undated[0]} was published.`, false)
  return {
    latest: answer['dist-tags']?.latest ?? null,
    publishedAt: new Map(dates.flatMap(([version, date]) => (date ? [[version, date]] : []))),
  }
}

/**
 * When an advisory was published, or null where that cannot be had.
 * @param base where GitHub's API has advisories, https://docs.github.com/rest/security-advisories/global-advisories
 */
export async function getPublication(base: string, advisoryUrl: string): Promise<Date | null> {
  const id = /GHSA(?:-[0-9a-z]{4}){3}/i.exec(advisoryUrl)?.[0]
  if (!id) return null
  try {
    const answer = await fetch(`${base}/${id}`, { headers: { accept: 'application/vnd.github+json' }, signal: AbortSignal.timeout(10_000) })
    const advisory: unknown = await answer.json()
    return Value.Check(published, advisory) ? dateOf(advisory.published_at) : null
  } catch {
    return null // not reachable or no JSON: the time counts from the version that mends it, and the line says so
  }
}

function dateOf(value: unknown): Date | null {
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date
}

/** npm ends with 1 for a report that has something in it, too: what counts is what it prints. */
function npm(args: readonly string[]): Promise<unknown> {
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-timeout=30000']
  const flags = ['--json', '--offline=false', '--no-update-notifier', ...patience]
  return new Promise((resolve, reject) => {
    execFile('npm', [...args, ...flags], { maxBuffer: 256 << 20 }, (error, stdout) => {
      if (error?.code === 'ENOENT') return reject(new RegistryError('npm was not found on the path.', true))
      try {
        resolve(JSON.parse(stdout))
      } catch {
        reject(new RegistryError(`npm ${args.join(' ')} printed no JSON. Run it to see why.`, true))
      }
    })
  })
}
