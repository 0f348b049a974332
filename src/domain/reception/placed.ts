// What is heard on a call that we placed, when it is answered; and what follows when a transfer or a person's phone was tried.
import type { Caches } from '../../platform/cache/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { advanceCall, type CallStatus, loadCall, nameCall } from '../calls/index.ts'
import { findCaller } from '../contacts/index.ts'
import { promptsFor } from '../conversation/index.ts'
import { getOrganization, organizationSettings } from '../tenancy/index.ts'
import { storedReply } from './answers.ts'
import type { Line, Reply } from './lines.ts'
import { selectAgent, selectDialogue } from './reception.sql.ts'
import { beginDialogue, type Ring, ringTimeoutS, unanswered } from './reception.ts'

/**
 * The far side of a placed call, or its person, has answered. With an agent the dialogue begins (or goes on, after a
 * hold); with a person the other side is rung and connected. @throws call_not_found
 */
export async function answerPlaced(session: Session, callId: string, ring: Ring, services: { caches: Caches }): Promise<Reply> {
  const call = (await loadCall(session, callId)) ?? refuse('call_not_found')
  if (call.sid === null) await nameCall(session, callId, ring.provider, ring.sid)
  const { recordingEnabled } = await organizationSettings(session, services)
  const { name } = await getOrganization(session, services)
  return session.write(async (tx) => {
    await advanceCall(tx, callId, { status: 'in_progress', at: tx.now() })
    if (await tx.read(selectDialogue, { callId })) return storedReply(tx, callId, null)
    const opening: Line[] = recordingEnabled ? [{ do: 'record' }] : []
    const agent = call.agentId ? await tx.read(selectAgent, { id: call.agentId }) : null
    if (agent) {
      const contact = await findCaller(tx, call.to)
      return beginDialogue(tx, callId, agent, { organizationName: name, callerName: contact?.fullName ?? null, opening })
    }
    return {
      callId,
      turn: 0,
      language: 'en',
      lines: [...opening, { do: 'dial', number: call.to, from: call.from, timeoutS: ringTimeoutS }],
    }
  })
}

/** Puts a live call through to a number. @throws call_not_found */
export async function putThrough(session: Session, callId: string, to: string): Promise<Reply> {
  const call = (await loadCall(session, callId)) ?? refuse('call_not_found')
  const ownNumber = call.direction === 'inbound' ? call.to : call.from
  return { callId, turn: 0, language: 'en', lines: [{ do: 'dial', number: to, from: ownNumber, timeoutS: ringTimeoutS }] }
}

/** A call on hold waits; it is fetched back by another redirect. */
export const keepWaiting = (callId: string): Reply => ({ callId, turn: 0, language: 'en', lines: [{ do: 'wait' }] })

/** The person who was rung has hung up or never came: nothing more to say, or voicemail where the organisation has it. */
export async function afterDial(
  session: Session,
  callId: string | null,
  outcome: CallStatus,
  services: { caches: Caches },
): Promise<Reply> {
  const dialogue = callId ? await session.read(selectDialogue, { callId }) : null
  const language = dialogue?.state.language ?? 'en'
  // Of a call that is nobody's no message could be kept.
  if (outcome === 'completed' || !callId) return { callId, turn: 0, language, lines: [{ do: 'hangup', text: '' }] }
  const { voicemailEnabled } = await organizationSettings(session, services)
  return { callId, turn: dialogue?.turn ?? 1, language, lines: [unanswered(voicemailEnabled)] }
}

/** The message is kept; a word of thanks ends the call. */
export async function afterMessage(session: Session, callId: string | null): Promise<Reply> {
  const dialogue = callId ? await session.read(selectDialogue, { callId }) : null
  const language = dialogue?.state.language ?? 'en'
  return { callId, turn: 0, language, lines: [{ do: 'hangup', text: promptsFor(language).say.goodbye }] }
}
