// Plays the demo's history: the same functions that serve real calls, at the moments when it happened. Calls of the
// assistant go through reception, so that words, bookings, costs and times agree with each other.
import { upcomingOf, updateAppointment } from '../domain/booking/index.ts'
import { addLeg, advanceCall, advanceLeg, openCall, setParties } from '../domain/calls/index.ts'
import { findContact, findOrCreateContact } from '../domain/contacts/index.ts'
import { answerCall, type ReceptionServices, type Reply, takeTurn } from '../domain/reception/index.ts'
import type { Session } from '../platform/session/index.ts'
import { type ColleagueKey, colleagues, customers, type Missed, type Outbound, type Scene, type Talk, type Visit } from './demo-plot.ts'
import { instantOf, speakingMs, spoken } from './demo-time.ts'

/** No carrier knows these calls, so none is asked about them. */
const provider = 'demo'

export interface Stage {
  /** Its clock is `clock`. */
  readonly session: Session
  readonly clock: { now(): Date; set(iso: string): void; advance(seconds: number): void }
  readonly number: string
  readonly userIds: Readonly<Record<ColleagueKey, number>>
  readonly reception: ReceptionServices
  /** The real one: the plot is told around it. */
  readonly now: Date
}

export async function playHistory(stage: Stage, scenes: readonly Scene[]): Promise<void> {
  const timed = scenes.map((scene) => ({ scene, at: instantOf(scene.at, stage.now) }))
  for (const { scene, at } of timed.toSorted((one, other) => one.at.getTime() - other.at.getTime())) {
    stage.clock.set(at.toISOString())
    await play(stage, scene)
  }
}

function play(stage: Stage, scene: Scene): Promise<void> {
  if (scene.kind === 'talk') return playTalk(stage, scene)
  if (scene.kind === 'missed') return playMissed(stage, scene)
  if (scene.kind === 'outbound') return playOutbound(stage, scene)
  return playVisit(stage, scene)
}

async function playTalk(stage: Stage, { who, says, slot, putThrough }: Talk): Promise<void> {
  const { session, clock, reception } = stage
  const ring = { provider, sid: sidAt(clock.now()), from: customers[who].mobile, to: stage.number }
  let reply = await answerCall(session, ring, reception)
  const { callId } = reply
  if (callId === null) throw new Error('the demo’s number leads nowhere')
  for (const words of says) {
    const text = slot ? words.replace('{slot}', spoken(slot, stage.now)) : words
    clock.advance((spokenMs(reply) + 900 + speakingMs(text)) / 1000)
    reply = await takeTurn(
      session,
      { ...ring, callId, turn: reply.turn, heard: { kind: 'speech', text, confidence: 0.92 }, posted: text },
      reception,
    )
  }
  clock.advance((spokenMs(reply) + 600) / 1000)
  if (putThrough) await connect(stage, callId, putThrough)
  await advanceCall(session, callId, { status: 'completed', at: clock.now() })
}

const spokenMs = (reply: Reply): number => reply.lines.reduce((sum, line) => sum + ('text' in line ? speakingMs(line.text) : 0), 0)
const sidAt = (at: Date): string => `demo-${at.getTime()}`

async function connect({ session, clock, userIds }: Stage, callId: string, { to, talkS }: NonNullable<Talk['putThrough']>): Promise<void> {
  const sid = sidAt(clock.now())
  await addLeg(session, callId, { kind: 'user', number: colleagues[to].mobile, userId: userIds[to], sid, at: clock.now() })
  clock.advance(6)
  await advanceLeg(session, callId, sid, { status: 'answered', at: clock.now() })
  await setParties(session, callId, { userId: userIds[to] })
  clock.advance(talkS)
  await advanceLeg(session, callId, sid, { status: 'ended', at: clock.now(), hangupCause: 'NORMAL_CLEARING' })
}

async function playMissed(stage: Stage, { who, to, end, ringS }: Missed): Promise<void> {
  const { session, clock, userIds } = stage
  const contact = await findOrCreateContact(session, { fullName: customers[who].name, mobile: customers[who].mobile })
  const { callId } = await openCall(session, {
    direction: 'inbound',
    from: customers[who].mobile,
    to: stage.number,
    provider,
    sid: sidAt(clock.now()),
    at: clock.now(),
    status: 'ringing',
    userId: userIds[to],
    contactId: contact.id,
    legs: [
      { kind: 'caller', number: customers[who].mobile },
      { kind: 'user', number: colleagues[to].mobile, userId: userIds[to] },
    ],
  })
  clock.advance(ringS)
  await advanceCall(session, callId, { status: end, at: clock.now(), ...(end === 'cancelled' ? { hangupCause: 'ORIGINATOR_CANCEL' } : {}) })
}

async function playOutbound(stage: Stage, { who, by, end, ringS, talkS = 0 }: Outbound): Promise<void> {
  const { session, clock, userIds } = stage
  const contact = await findOrCreateContact(session, { fullName: customers[who].name, mobile: customers[who].mobile })
  const { callId } = await openCall(session, {
    direction: 'outbound',
    from: stage.number,
    to: customers[who].mobile,
    provider,
    sid: sidAt(clock.now()),
    at: clock.now(),
    status: 'queued',
    userId: userIds[by],
    contactId: contact.id,
    legs: [
      { kind: 'user', number: colleagues[by].mobile, userId: userIds[by] },
      { kind: 'number', number: customers[who].mobile },
    ],
  })
  clock.advance(1)
  if (end !== 'failed') await advanceCall(session, callId, { status: 'ringing', at: clock.now() })
  clock.advance(ringS)
  if (end === 'completed') {
    await advanceCall(session, callId, { status: 'in_progress', at: clock.now() })
    clock.advance(talkS)
  }
  await advanceCall(session, callId, { status: end, at: clock.now() })
}

async function playVisit({ session, clock }: Stage, { who, end }: Visit): Promise<void> {
  const contact = await findContact(session, customers[who].mobile)
  // The appointment began before this moment: look from an hour ago.
  const moment = clock.now()
  clock.advance(-3600)
  const [appointment] = contact ? await upcomingOf(session, contact.id, 1) : []
  clock.set(moment.toISOString())
  if (!appointment) throw new Error(`${customers[who].name} has no appointment to come to`)
  await updateAppointment(session, appointment.id, { status: end })
}
