// What was answered at each turn, kept word for word, so that a repeated or late post gets the same answer and
// changes nothing (B2); and both sides of a turn into the call's transcript.
import { createHash } from 'node:crypto'
import type { Session, Tx } from '../../platform/session/index.ts'
import { addTurns, type CallRow } from '../calls/index.ts'
import type { Heard, Step } from '../conversation/index.ts'
import type { Line, Reply } from './lines.ts'
import { insertAnswer, selectAnswer, selectDialogue } from './reception.sql.ts'

export interface Given {
  readonly callId: string
  readonly turn: number
  /** Everything that was posted: tells a repeat from a new post that says the same. */
  readonly posted: string
  readonly step: Step | null
  readonly lines: readonly Line[]
  /** Which understanding answered. */
  readonly engine: string
  readonly tookMs: number
  readonly confidence: number | null
}

export const fingerprint = (posted: string): Buffer => createHash('sha256').update(posted).digest()
export const confidenceOf = (heard: Heard): number | null => (heard.kind === 'speech' ? heard.confidence : null)

export function keepAnswer(tx: Tx, given: Given): void {
  const { callId, turn, posted, step, lines, engine, tookMs, confidence } = given
  tx.later(insertAnswer, {
    callId,
    turn,
    fingerprint: fingerprint(posted),
    instructions: JSON.stringify(lines),
    engine,
    understood: (step?.understood?.confidence ?? 0) > 0,
    usedFallback: step?.usedFallback ?? false,
    confidence,
    at: tx.now(),
    tookMs,
  })
}

/** What was answered then; null takes the latest. */
export async function storedReply(session: Session, callId: string, turn: number | null): Promise<Reply> {
  const answer = await session.read(selectAnswer, { callId, turn })
  const dialogue = await session.read(selectDialogue, { callId })
  const language = dialogue?.state.language ?? 'en'
  if (!answer) return { callId, turn: 1, language, lines: [{ do: 'hangup', text: '' }] }
  return { callId, turn: answer.turn + 1, language, lines: answer.instructions }
}

/**
 * A turn that was answered before; or, where the carrier names no turn, the very same post as the last one. Silence is
 * the same post each time: without a turn it is a new silence, or nobody would ever be asked a second time.
 */
export async function findRepeat(
  tx: Tx,
  callId: string,
  current: number,
  { turn, posted, heard }: { turn: number | null; posted: string; heard: Heard },
): Promise<Reply | null> {
  if (turn !== null) return turn < current ? storedReply(tx, callId, turn) : null
  if (heard.kind === 'silence') return null
  const last = await tx.read(selectAnswer, { callId, turn: null })
  return last && last.turn > 0 && last.fingerprint.equals(fingerprint(posted)) ? storedReply(tx, callId, last.turn) : null
}

/**
 * Adds a turn to the transcript. The carrier tells when words arrived, not when they began: the caller's turn reaches
 * from the answer before it (`since`) to its arrival; ours is the moment it was given.
 */
export async function transcribeTurn(tx: Tx, call: CallRow, heard: Heard | null, lines: readonly Line[], since: Date): Promise<void> {
  const zero = (call.answeredAt ?? tx.now()).getTime()
  const nowMs = Math.max(0, tx.now().getTime() - zero)
  const sinceMs = Math.min(nowMs, Math.max(0, since.getTime() - zero))
  const said = heard?.kind === 'speech' ? heard.text : heard?.kind === 'digits' ? `[keys ${heard.digits}]` : ''
  const spoken = lines.flatMap((line) => ('text' in line && line.text ? [line.text] : [])).join(' ')
  await addTurns(tx, call, [
    ...(said ? [{ speaker: 'caller' as const, text: said, startMs: sinceMs, endMs: nowMs, confidence: heard && confidenceOf(heard) }] : []),
    ...(spoken ? [{ speaker: 'agent' as const, text: spoken, startMs: nowMs, endMs: nowMs }] : []),
  ])
}
