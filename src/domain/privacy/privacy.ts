// P12: what is held about somebody on the phone, and their erasure. The calls, their figures and their costs stay; the
// name, the number, the words and the voice go. Refuses while they are on a call, and leaves what is under legal hold.
import { Refusal, refuse } from '../../platform/errors/index.ts'
import type { RawJson, Session, Tx } from '../../platform/session/index.ts'
import { cancelAppointment, upcomingOf } from '../booking/index.ts'
import { type Contact, findContact, getContact } from '../contacts/index.ts'
import { sightOf } from '../people/index.ts'
import { type RecordingCaches, removeRecording } from '../recordings/index.ts'
import { removeVoicemail } from '../voicemail/index.ts'
import {
  eraseAnswers,
  eraseAppointments,
  eraseCallEvents,
  eraseContact,
  eraseDialogues,
  eraseFeed,
  eraseLegs,
  eraseNumbers,
  eraseStoredAnswers,
  eraseTurns,
  selectPersonCalls,
  selectPersonJson,
  selectPersonKnown,
  selectPersonRecordings,
  takePersonVoicemail,
} from './privacy.sql.ts'

/** By the contact's id or by a number in E.164. */
export type Whom = { readonly id: number } | { readonly mobile: string }

interface Person {
  readonly contact: Contact | null
  readonly contactId: number | null
  readonly mobile: string | null
}

export interface Erased {
  readonly contactId: number | null
  readonly calls: number
  readonly recordings: number
  readonly voicemails: number
  readonly appointmentsCancelled: number
  /** Recordings under legal hold: they stay until they are let go. */
  readonly recordingsHeld: readonly string[]
}

/** One document; files are named by where the blob store keeps them. @throws contact_not_found */
export async function exportPerson(session: Session, whom: Whom): Promise<RawJson> {
  const { contactId, mobile } = await findPerson(session, whom)
  return (await session.json(selectPersonJson, { contactId, mobile, at: session.now() })) ?? refuse('internal')
}

/** All of it in one change; files go when it is committed. @throws contact_not_found, contact_on_call */
export function erasePerson(session: Session, whom: Whom, services: RecordingCaches): Promise<Erased> {
  return session.write(async (tx) => {
    const person = await findPerson(tx, whom)
    const { contactId, mobile } = person
    const calls = await tx.list(selectPersonCalls, { contactId, mobile })
    if (calls.some(({ live }) => live)) refuse('contact_on_call')
    const callIds = calls.map(({ id }) => id)
    // The words first: what is removed after that is announced without them.
    await eraseCalls(tx, callIds, mobile)
    await erasePersonRows(tx, person)
    const appointmentsCancelled = contactId === null ? 0 : await cancelAhead(tx, contactId)
    // Messages before any file: whoever else removes one has it, and then waits for the row that counts files.
    const voicemails = await removeMessages(tx, callIds, mobile)
    const { removed, held } = await removeRecordings(tx, callIds, services)
    const erased = { contactId, calls: callIds.length, recordings: removed, voicemails, appointmentsCancelled, recordingsHeld: held }
    tx.emit('contact.erased', { contactId }, { resource: `contact:${contactId ?? 'unknown'}`, after: erased })
    return erased
  })
}

/** Somebody who only rang has no row of their own. @throws contact_not_found */
async function findPerson(session: Session, whom: Whom): Promise<Person> {
  if ('id' in whom) {
    const contact = await getContact(session, whom.id)
    return { contact, contactId: contact.id, mobile: contact.mobile }
  }
  const contact = await findContact(session, whom.mobile)
  if (contact) return { contact, contactId: contact.id, mobile: whom.mobile }
  const found = await session.read(selectPersonKnown, { contactId: null, mobile: whom.mobile })
  return found?.known ? { contact: null, contactId: null, mobile: whom.mobile } : refuse('contact_not_found')
}

async function cancelAhead(tx: Tx, contactId: number): Promise<number> {
  let cancelled = 0
  for (;;) {
    const ahead = await upcomingOf(tx, contactId)
    if (ahead.length === 0) return cancelled
    for (const { id } of ahead) await cancelAppointment(tx, id)
    cancelled += ahead.length
  }
}

async function removeRecordings(
  tx: Tx,
  callIds: readonly string[],
  services: RecordingCaches,
): Promise<{ removed: number; held: string[] }> {
  const held: string[] = []
  const recordings = await tx.list(selectPersonRecordings, { callIds })
  for (const { id } of recordings) {
    try {
      await removeRecording(tx, sightOf(tx.principal), id, services)
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'recording_held')) throw error
      held.push(id)
    }
  }
  return { removed: recordings.length - held.length, held }
}

async function removeMessages(tx: Tx, callIds: readonly string[], mobile: string | null): Promise<number> {
  const messages = await tx.list(takePersonVoicemail, { callIds, mobile })
  for (const { id } of messages) await removeVoicemail(tx, sightOf(tx.principal), id)
  return messages.length
}

async function eraseCalls(tx: Tx, callIds: readonly string[], mobile: string | null): Promise<void> {
  await tx.run(eraseTurns, { callIds })
  await tx.run(eraseLegs, { callIds, mobile })
  await tx.run(eraseNumbers, { callIds, mobile, at: tx.now() })
  if (mobile !== null) await tx.run(eraseCallEvents, { callIds, mobile })
  await tx.run(eraseDialogues, { callIds })
  await tx.run(eraseAnswers, { callIds })
}

async function erasePersonRows(tx: Tx, { contact, contactId, mobile }: Person): Promise<void> {
  if (contactId !== null) {
    await tx.run(eraseAppointments, { contactId, at: tx.now() })
    await tx.run(eraseContact, { contactId, at: tx.now() })
  }
  const words = [mobile, contact?.fullName ?? null].filter((word) => word !== null)
  if (words.length > 0) await tx.run(eraseStoredAnswers, { words })
  if (mobile !== null) await tx.run(eraseFeed, { words: [mobile] })
}
