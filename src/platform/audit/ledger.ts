// The checkpoints of the database and their copies outside, read into what is vouched for: where each chain stood, where
// each begins, and what is wrong with the checkpoints themselves.
import type { Database } from '../db/index.ts'
import { type CheckpointRow, selectCheckpoints } from './audit.sql.ts'
import { beginning, type Commitment, type Mark } from './chain.ts'
import { type Checkpoint, fingerprintOf, isSignedBy, parseCheckpoint, type Sealed } from './checkpoint.ts'
import type { Copies } from './copies.ts'
import type { Finding, FindingKind } from './findings.ts'

export interface Ledger {
  /** The newest there is, in the database or outside it: the next one names it. */
  readonly newest: { readonly number: number; readonly fingerprint: string; readonly trusted: boolean } | null
  readonly inDatabase: number
  readonly outside: number
  readonly commitments: ReadonlyMap<number, readonly Commitment[]>
  readonly bases: ReadonlyMap<number, Mark>
  readonly findings: readonly Finding[]
  /** What somebody with the key has said about the chains, to be shown with the verdict. */
  readonly statements: readonly { readonly number: number; readonly at: string; readonly reason: string }[]
}

interface Page extends Sealed {
  readonly number: number
  /** Null where it is a copy from outside, which has no such column. */
  readonly at: Date | null
  readonly content: Checkpoint | null
}

/** @param from the first checkpoint to look at: what came before it is taken as its next one says */
export async function readLedger(database: Database, copies: Copies, trusted: readonly string[], from = 1): Promise<Ledger> {
  const rows = (await readRows(database, from)).map(pageOf)
  const inDatabase = rows.at(-1)?.number ?? 0
  const outside = await copies.newest(inDatabase)
  const absent = absences(rows, from, Math.max(outside, inDatabase))
  const pages = [...rows, ...(await readCopies(copies, absent))].sort((a, b) => a.number - b.number)
  const judged = judge(pages, trusted)
  const findings = [...absent.map(missing), ...(await compareCopy(copies, rows, outside)), ...judged.flatMap(({ wrong }) => wrong ?? [])]
  const sound = judged.flatMap((one) => (one.sound && one.page.content ? [one.page.content] : []))
  const end = judged.at(-1)
  // Who says why they take a state as it is has said so of what was wrong with the checkpoints before, too.
  const accepted = sound.findLast(({ reason }) => reason !== undefined)?.number ?? 0
  return {
    newest: end ? { number: end.page.number, fingerprint: fingerprintOf(end.page), trusted: end.sound } : null,
    inDatabase,
    outside,
    ...vouchedFor(sound),
    findings: findings.filter(({ until }) => until >= accepted).sort((a, b) => a.seq - b.seq),
    statements: sound.flatMap(({ number, at, reason }) => (reason === undefined ? [] : [{ number, at, reason }])),
  }
}

async function readRows(database: Database, from: number): Promise<CheckpointRow[]> {
  const limit = 5000
  const rows: CheckpointRow[] = []
  for (;;) {
    const page = (await database.read(null, selectCheckpoints, { after: rows.at(-1)?.number ?? from - 1, limit })) as CheckpointRow[]
    rows.push(...page)
    if (page.length < limit) return rows
  }
}

const pageOf = ({ number, at, body, signature }: CheckpointRow): Page => ({ number, at, body, signature, content: parseCheckpoint(body) })

/** Ranges of numbers that the database does not have. */
function absences(rows: readonly Page[], from: number, until: number): [number, number][] {
  const ranges: [number, number][] = []
  let next = from
  for (const { number } of rows) {
    if (number > next) ranges.push([next, number - 1])
    next = number + 1
  }
  return next <= until ? [...ranges, [next, until]] : ranges
}

async function readCopies(copies: Copies, absent: readonly [number, number][]): Promise<Page[]> {
  const pages: Page[] = []
  for (const [from, until] of absent) {
    for (let number = from; number <= until; number++) {
      const sealed = await copies.read(number)
      if (sealed) pages.push({ number, at: null, ...sealed, content: parseCheckpoint(sealed.body) })
    }
  }
  return pages
}

async function compareCopy(copies: Copies, rows: readonly Page[], outside: number): Promise<Finding[]> {
  const row = rows.find(({ number }) => number === outside)
  const copy = row ? await copies.read(outside) : null
  if (!row || !copy || fingerprintOf(row) === fingerprintOf(copy)) return []
  return [finding('checkpoint_edited', outside, outside, `checkpoint ${outside} is not the one that was copied outside the database`)]
}

interface Judged {
  readonly page: Page
  readonly sound: boolean
  readonly wrong: Finding | null
}

/** From the newest back: a checkpoint is sound when a sound one behind it vouches for it, or a trusted key signed it. */
function judge(pages: readonly Page[], trusted: readonly string[]): Judged[] {
  const judged: Judged[] = []
  let behind: Judged | undefined
  for (const page of pages.toReversed()) {
    const [sound, wrong] = soundness(page, behind, trusted)
    behind = { page, sound, wrong }
    judged.push(behind)
  }
  return judged.reverse()
}

function soundness(page: Page, behind: Judged | undefined, trusted: readonly string[]): [boolean, Finding | null] {
  const { number, content, at } = page
  const wrong = (kind: FindingKind, words: string): [false, Finding] => [
    false,
    finding(kind, number, number, `checkpoint ${number} ${words}`),
  ]
  if (content?.number !== number || (at && content.at !== at.toISOString())) return wrong('checkpoint_edited', 'is not what was written')
  const next = behind?.page.number === number + 1 ? behind : undefined
  const named = next?.sound ? next.page.content : undefined
  if (named?.vouches && named.previous === fingerprintOf(page)) return [true, null]
  if (!isSignedBy(page, trusted))
    return trusted.includes(content.key)
      ? wrong('checkpoint_forged', 'was not signed as it is')
      : wrong('checkpoint_forged', unknownKey(content.key))
  if (named?.vouches)
    return [true, finding('checkpoint_edited', number, number, `checkpoint ${number} is not the one that checkpoint ${number + 1} names`)]
  return [true, null]
}

const unknownKey = (key: string) => `was signed with a key that is not known here (${key}): SECRET_KEY_PREVIOUS, or --key, may name it`

/** What the sound ones say, of each chain: only of what comes after its last base. */
function vouchedFor(contents: readonly Checkpoint[]): Pick<Ledger, 'commitments' | 'bases'> {
  const bases = new Map<number, Mark>()
  const commitments = new Map<number, Commitment[]>()
  for (const { number, at, heads, bases: from = [] } of contents) {
    for (const [organizationId, seq, hash] of from) {
      const base = { seq, hash: Buffer.from(hash, 'hex') }
      if (bases.get(organizationId)?.hash.equals(base.hash)) continue // said again, for whoever reads from here on
      bases.set(organizationId, base)
      commitments.delete(organizationId)
    }
    for (const [organizationId, seq, hash] of heads) {
      const known = commitments.get(organizationId) ?? []
      if (seq > (bases.get(organizationId) ?? beginning).seq) known.push({ seq, hash: Buffer.from(hash, 'hex'), checkpoint: number, at })
      commitments.set(organizationId, known)
    }
  }
  for (const known of commitments.values()) known.sort((a, b) => a.seq - b.seq)
  return { bases, commitments }
}

function missing([from, until]: readonly [number, number]): Finding {
  const which = from === until ? `checkpoint ${from} is` : `checkpoints ${from} to ${until} are`
  return finding('checkpoint_missing', from, until, `${which} not in the database: removed, or the database was set back`)
}
const finding = (kind: FindingKind, seq: number, until: number, words: string): Finding => ({
  kind,
  organizationId: null,
  seq,
  until,
  words,
})
