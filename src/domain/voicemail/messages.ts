// A person's voicemail: list, read, unread, remove. What a viewer may not see is not there; what belongs to nobody is
// for those who see everything.
import { refuse } from '../../platform/errors/index.ts'
import type { RawJson, Session, Tx } from '../../platform/session/index.ts'
import { removeFile } from '../files/index.ts'
import type { Sight } from '../people/index.ts'
import {
  deleteMessage,
  lockMessage,
  type MessageRow,
  selectMessage,
  selectMessageJson,
  selectMessagePage,
  updateStatus,
} from './voicemail.sql.ts'

export interface VoicemailPage {
  readonly userId?: number | null
  readonly status: 'new' | 'read' | 'all'
  readonly limit: number
  readonly offset: number
  readonly baseUrl: string
}

/** `{"voicemails", "total", "limit", "offset"}`, newest first. */
export async function listVoicemails(session: Session, sight: Sight, page: VoicemailPage): Promise<RawJson> {
  const { userId = null, limit, offset, baseUrl } = page
  const status = page.status === 'all' ? null : page.status
  return (await session.json(selectMessagePage, { ...sight, userId, status, limit, offset, baseUrl })) ?? refuse('internal')
}

/** @throws voicemail_not_found */
export async function getVoicemail(session: Session, sight: Sight, id: string, baseUrl: string): Promise<RawJson> {
  return (await session.json(selectMessageJson, { id, baseUrl, ...sight })) ?? refuse('voicemail_not_found')
}

/** Its audio. @throws voicemail_not_found, recording_not_ready */
export async function getVoicemailAudio(session: Session, sight: Sight, id: string): Promise<{ key: string; mimeType: string }> {
  const { key, mimeType } = (await session.read(selectMessage, { id, ...sight })) ?? refuse('voicemail_not_found')
  return key === null ? refuse('recording_not_ready') : { key, mimeType: mimeType ?? 'audio/wav' }
}

/** Marked twice, it is marked once. @throws voicemail_not_found */
export function markVoicemail(session: Session, sight: Sight, id: string, status: 'new' | 'read'): Promise<void> {
  return session.write(async (tx) => {
    const message = (await tx.read(lockMessage, { id, ...sight })) ?? refuse('voicemail_not_found')
    if (message.status === status) return
    await tx.run(updateStatus, { id, status, readAt: status === 'read' ? tx.now() : null })
    announce(tx, status === 'read' ? 'voicemail.read' : 'voicemail.unread', message, { before: message.status, after: status })
  })
}

/** @throws voicemail_not_found */
export function removeVoicemail(session: Session, sight: Sight, id: string): Promise<void> {
  return session.write(async (tx) => {
    const message = (await tx.read(lockMessage, { id, ...sight })) ?? refuse('voicemail_not_found')
    await tx.run(deleteMessage, { id })
    if (message.blobId) await removeFile(tx, message.blobId)
    announce(tx, 'voicemail.deleted', message, { before: { from: message.from, durationS: message.durationS } })
  })
}

export function announce(
  tx: Tx,
  type: `voicemail.${string}`,
  { id, callId, userId, from, durationS }: Pick<MessageRow, 'id' | 'callId' | 'userId' | 'from' | 'durationS'>,
  about: { before?: unknown; after?: unknown; audit?: boolean; more?: object } = {},
): void {
  const { more, ...audit } = about
  const data = { voicemailId: id, callId, userId, from, duration: durationS, ...more }
  tx.emit(type, data, { resource: `voicemail:${id}`, users: userId === null ? [] : [userId], ...audit })
}
