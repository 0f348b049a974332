// Which time frames of docs/security/data.md, "Packages", are breached. Knows neither registry nor clock: what is installed, what
// is known of it with dates, and today come in; what has breached a time frame goes out, and what nobody can date.
import { gt, major, prerelease, satisfies, valid, validRange } from 'semver'

const dayMs = 86_400_000
/** Any other severity has 90. */
const mendingDays: ReadonlyMap<string, number> = new Map([
  ['critical', 7],
  ['high', 30],
])
/** The longest that three months can be. */
const updateDays = 92

export interface Installed {
  readonly name: string
  readonly version: string
  /** Named in package.json, not only needed by another package. */
  readonly isDirect: boolean
}

export interface Advisory {
  readonly name: string
  readonly severity: string
  readonly title: string
  readonly url: string
  /** The versions that have the hole, in npm's words. */
  readonly range: string
  readonly publishedAt: Date | null
}

export interface Releases {
  /** What its makers give to whoever asks for no version. */
  readonly latest: string | null
  readonly publishedAt: ReadonlyMap<string, Date>
}

export interface Known {
  readonly advisories: readonly Advisory[]
  readonly releases: ReadonlyMap<string, Releases>
}

interface Hole {
  readonly name: string
  readonly version: string
  readonly advisory: Advisory
  /** The version that first mended it, of those above ours. */
  readonly mendedIn: string | null
}

export interface Breach {
  readonly name: string
  readonly version: string
  /** Null for an update that was not made. */
  readonly advisory: Advisory | null
  /** What to install instead; null where nothing above ours mends the hole. */
  readonly instead: string | null
  readonly since: Date
  readonly allowedDays: number
}

export interface Judgement {
  readonly breaches: readonly Breach[]
  /** Holes, whether or not their time is over. */
  readonly holes: number
  /** Holes whose advisory has no date and that no version mends: no time can be counted. */
  readonly undated: readonly Hole[]
}

export function judge(installed: readonly Installed[], known: Known, today: Date): Judgement {
  const holes = known.advisories.flatMap((advisory) =>
    installed.filter((one) => hasHole(one, advisory)).map(({ version }) => holeOf(advisory, version, known.releases.get(advisory.name))),
  )
  const dated = holes.map((hole) => ({ hole, since: knownSince(hole, known.releases.get(hole.name)) }))
  const unmended = dated.flatMap(({ hole: { name, version, advisory, mendedIn }, since }) =>
    since ? [{ name, version, advisory, instead: mendedIn, since, allowedDays: mendingDays.get(advisory.severity) ?? 90 }] : [],
  )
  const behind = installed.filter(({ isDirect }) => isDirect).flatMap((one) => updateOf(one, known.releases.get(one.name)))
  return {
    breaches: [...unmended, ...behind].filter(({ since, allowedDays }) => today.getTime() - since.getTime() > allowedDays * dayMs),
    holes: holes.length,
    undated: dated.filter(({ since }) => since === null).map(({ hole }) => hole),
  }
}

/** As npm reads ranges; one that nobody can read is taken to hold whatever is installed. */
function isWithin(version: string, range: string): boolean {
  return validRange(range, { loose: true }) === null || satisfies(version, range, { includePrerelease: true, loose: true })
}

const hasHole = ({ name, version }: Installed, advisory: Advisory): boolean => name === advisory.name && isWithin(version, advisory.range)

function holeOf(advisory: Advisory, version: string, releases: Releases | undefined): Hole {
  const mended = first(releases, (candidate) => isAbove(candidate, version) && !isWithin(candidate, advisory.range))
  return { name: advisory.name, version, advisory, mendedIn: mended?.version ?? null }
}

/** The time of a hole whose advisory has no date counts from when it could first be mended. */
function knownSince({ advisory, mendedIn }: Hole, releases: Releases | undefined): Date | null {
  return advisory.publishedAt ?? (mendedIn === null ? null : (releases?.publishedAt.get(mendedIn) ?? null))
}

/** The update that has waited longest. What lies above `latest` in our own major is not given to anybody yet. */
function updateOf({ name, version }: Installed, releases: Releases | undefined): Breach[] {
  const latest = releases?.latest ?? null
  const isGiven = (candidate: string) => latest === null || major(latest) !== major(version) || !gt(candidate, latest)
  const update = first(releases, (candidate) => isAbove(candidate, version) && major(candidate) === major(version) && isGiven(candidate))
  return update ? [{ name, version, advisory: null, instead: update.version, since: update.at, allowedDays: updateDays }] : []
}

/** Whoever uses a finished version is not sent to one that is being tried out. */
const isAbove = (candidate: string, version: string): boolean =>
  valid(candidate) !== null && gt(candidate, version) && (prerelease(candidate) === null || prerelease(version) !== null)

function first(releases: Releases | undefined, isWanted: (version: string) => boolean): { version: string; at: Date } | undefined {
  return [...(releases?.publishedAt ?? [])]
    .filter(([version]) => isWanted(version))
    .map(([version, at]) => ({ version, at }))
    .sort((one, other) => one.at.getTime() - other.at.getTime())[0]
}
