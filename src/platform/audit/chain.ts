// Walks one organisation's chain, entry by entry, in constant memory: each must follow the one before it by number and by
// hash, end where the organisation's head says, and hold what signed checkpoints say of it.
import { classify, type Suspect, suspectsKept } from './classify.ts'
import { type Entry, fits, keepEntry } from './entry.ts'
import { type Finding, span } from './findings.ts'

/** Where a chain stands. Before its first entry that is 0 and no hash. */
export interface Mark {
  readonly seq: number
  readonly hash: Buffer
}
/** A place in the chain that a checkpoint vouches for. */
export interface Commitment extends Mark {
  readonly checkpoint: number
  readonly at: string
}
export const beginning: Mark = { seq: 0, hash: Buffer.alloc(0) }

export interface Walk {
  take(entry: Entry): void
  /** `head` is where the organisation's row says that the chain ends, null where there is no such row. */
  end(head: Mark | null): { readonly entries: number; readonly findings: readonly Finding[] }
}

/** @param commitments ordered by `seq`, all of them behind `start` */
export function openWalk(organizationId: number, start: Mark, commitments: readonly Commitment[]): Walk {
  let last: Mark = start
  let entries = 0
  let suspected = 0
  let strays: Finding | undefined
  const suspects: Suspect[] = []
  const held = openCommitments(organizationId, start.seq, commitments)
  const lastHash = Buffer.alloc(64)

  return {
    take(entry) {
      entries += 1
      if (entry.seq < 1) {
        strays ??= stray(organizationId, entry.seq)
        return
      }
      if (entry.seq !== last.seq + 1 || !fits(last.hash, entry)) {
        suspected += 1
        if (suspects.length < suspectsKept)
          suspects.push({ entry: keepEntry(entry), before: { seq: last.seq, hash: Buffer.from(last.hash) } })
      }
      held.take(entry)
      const length = entry.hash.copy(lastHash)
      last = { seq: entry.seq, hash: lastHash.subarray(0, length) }
    },
    end(head) {
      const broken = classify(organizationId, suspects, suspected)
      const ending = atEnd(organizationId, last, head, broken)
      return { entries, findings: held.end(last.seq, [...(strays ? [strays] : []), ...broken, ...ending]) }
    },
  }
}

const stray = (organizationId: number, seq: number): Finding => ({
  kind: 'inserted',
  organizationId,
  seq,
  until: seq,
  words: `entry ${seq} was put in before the first: a chain begins at 1`,
})

function atEnd(organizationId: number, last: Mark, head: Mark | null, broken: readonly Finding[]): Finding[] {
  if (head === null) {
    if (last.seq === 0) return []
    return [
      { kind: 'inserted', organizationId, seq: 1, until: last.seq, words: `${span(1, last.seq)} belong to a chain that was never begun` },
    ]
  }
  if (last.seq < head.seq) {
    const words = `${span(last.seq + 1, head.seq)}, at the end, ${last.seq + 1 === head.seq ? 'was' : 'were'} cut off`
    return [{ kind: 'cut_off', organizationId, seq: last.seq + 1, until: head.seq, words }]
  }
  if (last.seq > head.seq) {
    const words = `${span(head.seq + 1, last.seq)} ${head.seq + 1 === last.seq ? 'was' : 'were'} put behind the end of the chain`
    return [{ kind: 'inserted', organizationId, seq: head.seq + 1, until: last.seq, words }]
  }
  if (last.hash.equals(head.hash) || broken.length > 0) return []
  const words = `the chain ends at entry ${last.seq} with another hash than its organisation's row says: some entry up to there was rewritten, and all that follow`
  return [{ kind: 'rewritten', organizationId, seq: last.seq, until: last.seq, words }]
}

/** What checkpoints say of a chain shows what hashes alone cannot: a past that was rewritten and hashed anew. */
function openCommitments(organizationId: number, start: number, commitments: readonly Commitment[]) {
  let next = 0
  let agreed: { seq: number; checkpoint?: Commitment } = { seq: start }
  let differs: Finding | null = null

  function compare(entry: Entry, commitment: Commitment): void {
    if (entry.hash.equals(commitment.hash)) agreed = { seq: entry.seq, checkpoint: commitment }
    else if (!differs) differs = rewritten(organizationId, agreed, commitment)
  }
  return {
    take(entry: Entry): void {
      for (let one = commitments[next]; one && one.seq <= entry.seq; one = commitments[++next])
        if (one.seq === entry.seq) compare(entry, one)
    },
    /** An entry that is wrong by itself explains a difference behind it. */
    end(lastSeq: number, found: readonly Finding[]): Finding[] {
      const beyond = commitments.find(({ seq }) => seq > lastSeq)
      const all = [...found]
      if (differs && !all.some(({ seq }) => differs && seq <= differs.until)) all.push(differs)
      if (beyond && !all.some(({ kind }) => kind === 'cut_off'))
        all.push(cutOff(organizationId, lastSeq, commitments.at(-1) ?? beyond, beyond))
      return all.sort((a, b) => a.seq - b.seq)
    },
  }
}

function rewritten(organizationId: number, agreed: { seq: number; checkpoint?: Commitment }, { seq, checkpoint, at }: Commitment): Finding {
  const before = agreed.checkpoint
    ? `; until checkpoint ${agreed.checkpoint.checkpoint} (${agreed.checkpoint.at}) it is what was written`
    : ''
  const words = `the chain was rewritten from some entry in ${agreed.seq + 1} to ${seq} on, after checkpoint ${checkpoint} (${at}), which says another hash of entry ${seq}${before}`
  return { kind: 'rewritten', organizationId, seq: agreed.seq + 1, until: seq, words }
}

function cutOff(organizationId: number, lastSeq: number, end: Commitment, { checkpoint, at }: Commitment): Finding {
  const words = `the chain ends at entry ${lastSeq}: ${span(lastSeq + 1, end.seq)} ${lastSeq + 1 === end.seq ? 'was' : 'were'} cut off since checkpoint ${checkpoint} (${at}), or the database was set back`
  return { kind: 'cut_off', organizationId, seq: lastSeq + 1, until: end.seq, words }
}
