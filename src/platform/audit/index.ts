// Checks an organisation's audit chain (P9): each entry's hash covers the one before it, so an edit, a deletion or an
// insertion shows where it happened, and a cut-off end shows against the head that every change keeps.
import type { Session } from '../session/index.ts'
import { findBreaks, selectChainEnd } from './audit.sql.ts'

export interface Verdict {
  readonly entries: number
  readonly breaks: readonly { seq: number; reason: string }[]
}

export async function verifyAudit(session: Session): Promise<Verdict> {
  const end = await session.read(selectChainEnd, {})
  if (!end) return { entries: 0, breaks: [] }
  const breaks = await session.list(findBreaks, {})
  const cutOff = end.lastSeq !== end.auditSeq || !end.headMatches
  const tail = cutOff && breaks.length === 0 ? [{ seq: end.lastSeq + 1, reason: 'the end of the chain is missing or was changed' }] : []
  return { entries: end.count, breaks: [...breaks, ...tail] }
}
