// One turn of the dialogue. It is taken once, under the dialogue's lock: the state, the booking and the answer are one
// transaction, so a caller who was told "booked" is booked.
import type { Caches } from '../../platform/cache/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { monotonicMs } from '../../platform/time/index.ts'
import { openDesk } from '../booking/index.ts'
import { type CallRow, holdCall, noteCallEvent, recordCallUsage, setOutcome, setParties } from '../calls/index.ts'
import { type Contact, callerNumber, findContact, getContact } from '../contacts/index.ts'
import { type Heard, hintOf, type Instruction, respond, type Understanding } from '../conversation/index.ts'
import { organizationSettings } from '../tenancy/index.ts'
import { confidenceOf, findRepeat, keepAnswer, storedReply, transcribeTurn } from './answers.ts'
import type { Line, Reply } from './lines.ts'
import { type DialogueRow, lockDialogue, selectDialogue, selectNumber, selectPerson, updateDialogue } from './reception.sql.ts'
import { answerCall, type Ring, ringTimeoutS } from './reception.ts'

export interface TurnInput extends Ring {
  readonly callId: string | null
  /** The turn that the carrier was told to post back; null when it did not say. */
  readonly turn: number | null
  readonly heard: Heard
  readonly posted: string
}

export interface ReceptionServices {
  readonly caches: Caches
  readonly understanding: Understanding
}

/** A call that was never announced is answered first, so that a lost post loses no caller. */
export async function takeTurn(session: Session, input: TurnInput, services: ReceptionServices): Promise<Reply> {
  const began = monotonicMs()
  const { callId } = input
  if (!callId) {
    const opened = await answerCall(session, input, services)
    return opened.callId ? takeTurn(session, { ...input, callId: opened.callId, turn: null }, services) : opened
  }
  const before = await session.read(selectDialogue, { callId })
  if (!before) return storedReply(session, callId, null)
  const settings = await organizationSettings(session, services)
  const understanding = await understandFirst(session, before, input, services.understanding, settings.timezone)
  return session.write(async (tx) => {
    const dialogue = await tx.read(lockDialogue, { callId })
    if (!dialogue) return storedReply(tx, callId, null)
    const repeat = await findRepeat(tx, callId, dialogue.turn, input)
    return (
      repeat ??
      take(tx, { ...input, ...sidesOf(input, dialogue.placed), callId }, dialogue, understanding, {
        voicemailEnabled: settings.voicemailEnabled,
        began,
      })
    )
  })
}

interface Sides {
  /** The number of who talks to us, and the number of ours that they talk to. */
  readonly person: string
  readonly own: string
}

/** Carriers name the sides by who rang whom. */
const sidesOf = ({ from, to }: Ring, placed: boolean): Sides => (placed ? { person: to, own: from } : { person: from, own: to })

async function take(
  tx: Tx,
  input: TurnInput & Sides & { callId: string },
  dialogue: DialogueRow,
  understanding: Understanding,
  { voicemailEnabled, began }: { voicemailEnabled: boolean; began: number },
): Promise<Reply> {
  const { callId, heard, person } = input
  // Held before any hours of the book are: while they are, nobody should have to wait for a call.
  const call = await holdCall(tx, callId)
  const number = callerNumber(person)
  const contact = number === null ? await bookerOf(tx, call) : await findContact(tx, number)
  const desk = await openDesk(tx, { contact, callId, callerNumber: number })
  const step = await respond({ state: dialogue.state, heard, now: tx.now().toISOString(), desk, understanding })
  const lines: Line[] = []
  for (const instruction of step.instructions) lines.push(...(await resolve(tx, instruction, input, voicemailEnabled)))
  const { turn } = dialogue
  tx.later(updateDialogue, { callId, state: step.state, turn: turn + 1, outcome: step.outcome, at: tx.now() })
  const tookMs = monotonicMs() - began
  const engine = step.usedFallback ? 'builtin' : understanding.name
  keepAnswer(tx, { callId, turn, posted: input.posted, step, lines, engine, tookMs, confidence: confidenceOf(heard) })
  await transcribeTurn(tx, call, heard, lines, dialogue.updatedAt)
  if (heard.kind === 'digits') await noteCallEvent(tx, call, 'dtmf', tx.now(), { digits: heard.digits })
  if (heard.kind === 'speech') await recordCallUsage(tx, { kind: 'speech', quantity: 1, callId, source: `${callId}:${turn}`, at: tx.now() })
  // P3: who books for the first time becomes a contact in the middle of the call; the call is theirs then.
  const contactId = call.contactId ?? desk.caller()?.id ?? null
  if (contactId !== null && call.contactId === null) await setParties(tx, call, { contactId })
  if (step.outcome && step.outcome !== 'none') await setOutcome(tx, { ...call, contactId }, step.outcome)
  return { callId, turn: turn + 1, language: step.state.language, lines }
}

/** Who withholds their number is known by what they booked in this call, and only in it. */
const bookerOf = async (tx: Tx, { contactId }: CallRow): Promise<Contact | null> => (contactId === null ? null : getContact(tx, contactId))

/** The understanding may ask a model elsewhere: that happens before the transaction, which only hears its answer again. */
async function understandFirst(
  session: Session,
  { state }: DialogueRow,
  { heard }: TurnInput,
  understanding: Understanding,
  timezone: string,
): Promise<Understanding> {
  if (heard.kind !== 'speech') return understanding
  const understood = await understanding.extract(heard.text, hintOf(state, session.now().toISOString(), timezone))
  return { name: understanding.name, extract: async () => understood }
}

/** A wish for a person becomes a number to ring; without one, or without voicemail, the next best. */
async function resolve(
  tx: Tx,
  line: Instruction,
  call: Pick<Sides, 'own'> & { callId: string },
  voicemailEnabled: boolean,
): Promise<Line[]> {
  if (line.do === 'transfer') {
    const number = await tx.read(selectNumber, { e164: call.own })
    const person = await tx.read(selectPerson, { userId: number?.route.personId ?? null })
    if (!person) return resolve(tx, { do: 'voicemail', text: line.text }, call, voicemailEnabled)
    await noteCallEvent(tx, call.callId, 'transferred', tx.now(), { to: person.mobile, userId: person.id })
    return [
      { do: 'say', text: line.text },
      { do: 'dial', number: person.mobile, from: call.own, timeoutS: ringTimeoutS },
    ]
  }
  if (line.do === 'voicemail' && !voicemailEnabled) return [{ do: 'hangup', text: '' }]
  return [line]
}
