// A message that a caller left: written at once, its audio fetched and its words found by jobs, each once.
import { buffer } from 'node:stream/consumers'
import { refuse } from '../../platform/errors/index.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import { advanceCall, holdCall, loadCall, recordCallUsage, type Telephony } from '../calls/index.ts'
import { discardBytes, type FileServices, registerFile, type StoredBytes, storeBytes } from '../files/index.ts'
import { announce } from './messages.ts'
import type { Transcriber } from './ports.ts'
import { insertMessage, selectMessage, updateAudio, updateTranscription } from './voicemail.sql.ts'

export interface LeftMessage {
  readonly callId: string
  /** The provider's name for the recording. */
  readonly sid: string
  readonly durationS: number
  readonly at: Date
  /** Whose mailbox; the call's person when left out. */
  readonly userId?: number | null
}

export interface VoicemailServices extends FileServices {
  readonly telephony: Telephony
  readonly transcriber: Transcriber | null
}

/** Reported twice, it is one message. @returns its id, or null when it was known. @throws call_not_found */
export function receiveVoicemail(session: Session, left: LeftMessage): Promise<string | null> {
  return session.write(async (tx) => {
    const call = (await loadCall(tx, left.callId)) ?? refuse('call_not_found')
    const message = {
      id: uuidv7(left.at),
      userId: left.userId ?? call.userId,
      callId: left.callId,
      sid: left.sid,
      from: call.from,
      durationS: Math.max(0, Math.round(left.durationS)),
      at: left.at,
    }
    if (!(await tx.read(insertMessage, message))) return null
    await advanceCall(tx, left.callId, { status: 'voicemail', at: left.at })
    await tx.enqueue('voicemail.store', { id: message.id }, { key: `voicemail.store:${message.id}`, maxAttempts: 12 })
    announce(tx, 'voicemail.received', message, { audit: false })
    return message.id
  })
}

const everybody = { all: true, viewer: null }

/** The job's work. @throws an error while the provider has no file yet, so that the job is tried again */
export async function storeVoicemail(session: Session, id: string, services: VoicemailServices): Promise<void> {
  const message = await session.read(selectMessage, { id, ...everybody })
  if (!message?.providerSid || message.blobId) return
  const found = await services.telephony.fetchRecording(message.providerSid)
  if (!found) throw new Error('the provider has no file for this message yet')
  const stored = await storeBytes(session, services, { body: found.body, contentType: found.contentType, id })
  await session.write(async (tx) => {
    if (message.callId) await holdCall(tx, message.callId) // before the message, as where a person is erased
    if (!(await tx.read(updateAudio, { id, blobId: stored.id }))) return discard(tx, id, stored)
    await registerFile(tx, stored, { filename: `voicemail-${id}.wav`, type: 'voicemail' }, { quota: false })
    await recordCallUsage(tx, { kind: 'storage', quantity: stored.size, callId: message.callId, source: `voicemail:${id}`, at: tx.now() })
    if (services.transcriber) await tx.enqueue('voicemail.transcribe', { id }, { key: `voicemail.transcribe:${id}`, maxAttempts: 5 })
  })
}

/** A message that was removed while its file was on the way is not to be heard by anybody. */
async function discard(tx: Tx, id: string, { key }: StoredBytes): Promise<void> {
  if (!(await tx.read(selectMessage, { id, ...everybody }))) await discardBytes(tx, key)
}

/** Longer messages are cut by the carrier long before this; endpoints refuse more. */
const mostAudioBytes = 25 * 1024 ** 2

/** The job's work: the words of a message, once. */
export async function transcribeVoicemail(
  session: Session,
  id: string,
  { blobs, transcriber }: VoicemailServices,
  language: string,
): Promise<void> {
  const message = await session.read(selectMessage, { id, ...everybody })
  if (!message?.key || !transcriber) return
  const file = await blobs.read(message.key)
  if (!file) return
  if (file.size > mostAudioBytes) return void file.body.destroy()
  const audio = await buffer(file.body)
  const contentType = message.mimeType ?? 'audio/wav'
  const words = await transcriber.transcribe(audio, { filename: `${id}.wav`, contentType, language })
  const entry = { kind: 'transcription', quantity: message.durationS, callId: message.callId, source: `voicemail:${id}` } as const
  await session.write(async (tx) => {
    await recordCallUsage(tx, { ...entry, at: tx.now() })
    if (!words) return
    await tx.run(updateTranscription, { id, transcription: words.text })
    announce(tx, 'voicemail.transcribed', message, { audit: false })
  })
}
