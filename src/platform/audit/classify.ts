// Says of entries that do not follow from the one before them what was done: which was edited, removed, put in, or stands
// in another's place. Only hashes are asked, so whoever could make a wrong entry fit could break SHA-256.
import { digestOf, type Entry, fits, renumbered } from './entry.ts'
import { type Finding, span } from './findings.ts'

export interface Suspect {
  readonly entry: Entry
  /** What stands before it now. */
  readonly before: { readonly seq: number; readonly hash: Buffer }
}
/** One change can unsettle all that follows; the first ones tell what it was. */
export const suspectsKept = 64
const findingsShown = 10

/** @param suspected how many there are in all; `suspects` may be the first of them */
export function classify(organizationId: number, suspects: readonly Suspect[], suspected: number): Finding[] {
  const findings: Finding[] = []
  for (const [index, suspect] of suspects.entries()) {
    if (index > 0 && explainedBy(suspects[index - 1], suspect)) continue
    const later = suspects.slice(index + 1)
    const moved = suspect.entry.seq > suspect.before.seq + 1 ? gap(suspect, later) : misfit(suspect, later)
    findings.push({ ...moved.finding, organizationId })
    // What moved others makes them suspect too: they are not found one by one.
    if (moved.shifts || findings.length === findingsShown) break
  }
  const [first, ...rest] = findings
  if (!first) return []
  const others = suspected - 1
  const more =
    findings.length === 1 && others > 0
      ? ` (${others} more ${others === 1 ? 'entry does' : 'entries do'} not fit because of it, or were changed too)`
      : ''
  return [{ ...first, words: `${first.words}${more}` }, ...rest]
}

interface Verdict {
  readonly finding: Omit<Finding, 'organizationId'>
  readonly shifts: boolean
}

/** Where only an entry's hash was changed, the next one follows from what that hash should be. */
function explainedBy(previous: Suspect | undefined, { entry }: Suspect): boolean {
  if (previous?.entry.seq !== entry.seq - 1) return false
  const should = digestOf(previous.before.hash, previous.entry)
  return should !== null && fits(should, entry)
}

function gap({ entry, before }: Suspect, later: readonly Suspect[]): Verdict {
  const from = before.seq + 1
  const stray = [entry, ...later.map((one) => one.entry)].find((one) => fits(before.hash, renumbered(one, from)))
  if (stray) return verdict('reordered', from, `entry ${from} stands at ${stray.seq}`)
  const until = entry.seq - 1
  return verdict('missing', from, `${span(from, until)} ${from === until ? 'is' : 'are'} missing`, { until, shifts: false })
}

function misfit({ entry, before }: Suspect, later: readonly Suspect[]): Verdict {
  const place = before.seq + 1
  if (entry.seq !== place) return verdict('inserted', entry.seq, `entry ${entry.seq} was put in: no chain has that number there`)
  const rightful = later.find((one) => fits(before.hash, renumbered(one.entry, place)))
  if (rightful) return displaced(entry, place, rightful)
  const swapped = later.find((one) => digestOf(before.hash, renumbered(one.entry, place))?.equals(entry.hash))
  if (swapped) return verdict('reordered', place, `entries ${place} and ${swapped.entry.seq} have changed places`)
  const next = later[0]?.entry
  if (next?.seq === place + 1 && fits(entry.hash, renumbered(next, place + 2)))
    return verdict('missing', place, `entry ${place} is missing, and those behind it were renumbered`)
  return verdict('edited', place, `entry ${place} is not what was written`, { shifts: false })
}

/** What belongs here stands elsewhere: either the two changed places, or something was pushed in between. */
function displaced(entry: Entry, place: number, rightful: Suspect): Verdict {
  const elsewhere = rightful.entry.seq
  const there = renumbered(entry, elsewhere)
  if (fits(rightful.entry.hash, there) || fits(rightful.before.hash, there))
    return verdict('reordered', place, `entries ${place} and ${elsewhere} have changed places`)
  const until = Math.max(place, elsewhere - 1)
  return verdict('inserted', place, `${span(place, until)} ${place === until ? 'was' : 'were'} put in, and those behind renumbered`, {
    until,
  })
}

const verdict = (kind: Finding['kind'], seq: number, words: string, { until = seq, shifts = true } = {}): Verdict => ({
  finding: { kind, seq, until, words },
  shifts,
})
