// Answers the telephone: opens the call and says the first words, or puts it through to a person.
import type { Caches } from '../../platform/cache/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { addLeg, advanceCall, holdCall, openCall, setParties } from '../calls/index.ts'
import { findCaller } from '../contacts/index.ts'
import { greet } from '../conversation/index.ts'
import { getOrganization, organizationSettings } from '../tenancy/index.ts'
import { keepAnswer, storedReply, transcribeTurn } from './answers.ts'
import type { Line, Reply } from './lines.ts'
import { type AgentRow, insertDialogue, type NumberRow, selectAgent, selectAnswer, selectNumber, selectPerson } from './reception.sql.ts'

/** An incoming call as its carrier announces it; numbers in E.164. */
export interface Ring {
  readonly provider: string
  readonly sid: string
  readonly from: string
  readonly to: string
}

export const ringTimeoutS = 20

/** The first answer to a call. Repeated, it is the same answer; a number that is not ours is turned away. */
export async function answerCall(session: Session, ring: Ring, services: { caches: Caches }): Promise<Reply> {
  const number = await session.read(selectNumber, { e164: ring.to })
  if (!number) return { callId: null, turn: 0, language: 'en', lines: [{ do: 'reject' }] }
  const { recordingEnabled, voicemailEnabled } = await organizationSettings(session, services)
  const { name } = await getOrganization(session, services)
  return session.write(async (tx) => {
    const contact = await findCaller(tx, ring.from)
    const agent = number.route.type === 'agent' ? await tx.read(selectAgent, { id: number.route.id ?? null }) : null
    const { callId, created } = await openIncoming(tx, ring, number, agent, contact?.id ?? null)
    if (!created && (await wasAnswered(tx, callId, agent, ring, contact?.id))) return storedReply(tx, callId, 0)
    await advanceCall(tx, callId, { status: 'in_progress', at: tx.now() })
    const opening: Line[] = recordingEnabled ? [{ do: 'record' }] : []
    if (agent) return beginDialogue(tx, callId, agent, { organizationName: name, callerName: contact?.fullName ?? null, opening })
    return connectPerson(tx, callId, ring, number, { voicemailEnabled, opening })
  })
}

/** A report may have opened the call before its announcement came in: then it still waits for its first words. */
async function wasAnswered(tx: Tx, callId: string, agent: AgentRow | null, { to }: Ring, contactId?: number): Promise<boolean> {
  const answered = async () => (await tx.read(selectAnswer, { callId, turn: 0 })) !== null
  if (await answered()) return true
  // Locks the call: of two announcements at once, the second finds the first one's answer.
  await setParties(tx, callId, { ...(agent ? { agentId: agent.id } : {}), ...(contactId ? { contactId } : {}) })
  if (await answered()) return true
  if (agent) await addLeg(tx, callId, { kind: 'agent', number: to, agentId: agent.id, at: tx.now() })
  return false
}

function openIncoming(tx: Tx, ring: Ring, number: NumberRow, agent: AgentRow | null, contactId: number | null) {
  return openCall(tx, {
    direction: 'inbound',
    from: ring.from,
    to: ring.to,
    provider: ring.provider,
    sid: ring.sid,
    at: tx.now(),
    status: 'ringing',
    numberId: number.id,
    agentId: agent?.id ?? null,
    contactId,
    legs: [{ kind: 'caller', number: ring.from }, ...(agent ? [{ kind: 'agent' as const, number: ring.to, agentId: agent.id }] : [])],
  })
}

interface Opening {
  readonly organizationName: string
  readonly callerName: string | null
  readonly opening: readonly Line[]
}
/** The agent's greeting; also used when a call that we placed is answered. */
export async function beginDialogue(tx: Tx, callId: string, agent: AgentRow, { opening, ...names }: Opening): Promise<Reply> {
  const step = greet({ language: agent.language, ...names, ...(agent.greeting ? { greeting: agent.greeting } : {}) })
  const lines = [...opening, ...(step.instructions as Line[])] // a greeting listens; it never transfers
  tx.later(insertDialogue, { callId, state: step.state, outcome: step.outcome, at: tx.now() })
  keepAnswer(tx, { callId, turn: 0, posted: '', step, lines, engine: 'none', tookMs: 0, confidence: null })
  await transcribeTurn(tx, await holdCall(tx, callId), null, lines, tx.now())
  return { callId, turn: 1, language: step.state.language, lines }
}

/** A number that leads straight to a person: rung at their mobile; what follows is decided when that has ended. */
async function connectPerson(
  tx: Tx,
  callId: string,
  ring: Ring,
  { route }: NumberRow,
  { voicemailEnabled, opening }: { voicemailEnabled: boolean; opening: readonly Line[] },
): Promise<Reply> {
  const userId = Number(route.personId ?? route.id)
  const person = Number.isSafeInteger(userId) ? await tx.read(selectPerson, { userId }) : null
  const lines: Line[] = person
    ? [...opening, { do: 'dial', number: person.mobile, from: ring.to, timeoutS: ringTimeoutS }]
    : [unanswered(voicemailEnabled)]
  keepAnswer(tx, { callId, turn: 0, posted: '', step: null, lines, engine: 'none', tookMs: 0, confidence: null })
  return { callId, turn: 1, language: 'en', lines }
}

/** S5: without voicemail an unanswered call ends with a word, not with a tone. */
export function unanswered(voicemailEnabled: boolean): Line {
  return voicemailEnabled
    ? { do: 'voicemail', text: 'Nobody can take your call just now. Please leave a message after the tone.' }
    : { do: 'hangup', text: 'Nobody can take your call just now. Goodbye.' }
}
