// Keeps files: the bytes in the store, the facts in the database, and neither without the other. The bytes come first;
// a job that was queued before them removes what never got its row. Refuses what is too large or beyond the quota.
import type { Readable } from 'node:stream'
import { type BlobStore, sniffContentType } from '../../platform/blobs/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session, Tx } from '../../platform/session/index.ts'
import type { Sight } from '../people/index.ts'
import {
  addUsage,
  deleteFile,
  deleteFiles,
  type FileRow,
  type FileType,
  insertFile,
  selectFileSeen,
  selectKeyInUse,
  selectUsage,
  type UsageRow,
} from './files.sql.ts'
import type { Verdict } from './ports.ts'
import { judgeScanned } from './scanning.ts'

export interface FileServices {
  readonly blobs: BlobStore
}

/** What an organisation may keep where its settings say nothing: 100 GiB. */
export const defaultQuotaBytes = 100 * 1024 ** 3

/** An upload that was cut off is looked for after a day: no upload takes that long. */
const collectAfterMs = 24 * 3600 * 1000

export interface StoredBytes {
  readonly id: string
  readonly key: string
  readonly size: number
  readonly sha256: string
  readonly mimeType: string
}

/**
 * Writes the bytes under a key of their own. Nothing of them is left when that fails. The media type is what the bytes
 * say, else what their sender says. @throws blob_too_large, upload_incomplete
 */
export async function storeBytes(
  session: Session,
  { blobs }: FileServices,
  input: { body: Readable | Buffer; contentType: string; maxBytes?: number; id?: string },
): Promise<StoredBytes> {
  const id = input.id ?? uuidv7(session.now())
  const key = `${session.organizationId}/blobs/${id}`
  const runAt = new Date(session.now().getTime() + collectAfterMs)
  await session.write((tx) => tx.enqueue('blobs.collect', { key }, { key: `blobs.collect:${key}`, runAt }))
  const { size, sha256, head } = await blobs.write(key, input.body, {
    contentType: input.contentType,
    ...(input.maxBytes === undefined ? {} : { maxBytes: input.maxBytes }),
  })
  return { id, key, size, sha256, mimeType: await typeOf(head, input.contentType) }
}

/** What can be told from the bytes is not believed of the sender: a claimed type stands only for what has no signature. */
async function typeOf(head: Buffer, claimed: string): Promise<string> {
  const sniffed = await sniffContentType(head)
  if (sniffed) return canonical[sniffed] ?? sniffed
  const type = claimed.split(';')[0]?.trim().toLowerCase() ?? ''
  return /^text\/(plain|csv)$|^application\/json$/.test(type) ? type : 'application/octet-stream'
}
const canonical: Readonly<Record<string, string>> = { 'audio/vnd.wave': 'audio/wav', 'audio/x-wav': 'audio/wav', 'audio/wave': 'audio/wav' }

export interface FileFacts {
  readonly filename: string
  readonly type: FileType
  readonly metadata?: Record<string, unknown>
}

/** The row of bytes that are stored. What the organisation's own calls leave behind is kept beyond the quota too. @throws over_quota */
export async function registerFile(tx: Tx, stored: StoredBytes, facts: FileFacts, { quota }: { quota: boolean }): Promise<FileRow> {
  const row: FileRow = {
    ...stored,
    filename: facts.filename,
    type: facts.type,
    metadata: facts.metadata ?? {},
    createdBy: tx.principal.subject,
    createdAt: tx.now(),
  }
  if (!(await tx.read(insertFile, row))) return row
  const usage = await tx.read(addUsage, { type: facts.type, bytes: stored.size, files: 1 })
  if (quota && usage && totalOf(usage) > (usage.quota ?? defaultQuotaBytes)) refuse('over_quota')
  tx.emit('blob.created', fileFacts(row), { resource: `blob:${row.id}`, after: fileFacts(row) })
  return row
}

const fileFacts = ({ id, filename, type, size, mimeType, sha256 }: FileRow) => ({ blobId: id, filename, type, size, mimeType, sha256 })

export interface Upload {
  readonly stored: StoredBytes
  readonly facts: FileFacts
  readonly verdict: Verdict
}

/** Keeps an upload whole or not at all. @throws malware_found, blob_too_large, over_quota */
export async function keepUpload(session: Session, services: FileServices, { stored, facts, verdict }: Upload): Promise<FileRow> {
  try {
    judgeScanned(verdict)
    return await session.write((tx) => registerFile(tx, stored, facts, { quota: true }))
  } catch (error) {
    await services.blobs.remove(stored.key)
    throw error
  }
}

/** Before a byte is read: whether this much more can be kept at all. @throws over_quota */
export async function checkRoom(session: Session, bytes: number): Promise<void> {
  const usage = await session.read(selectUsage, {})
  if (usage && totalOf(usage) + bytes > (usage.quota ?? defaultQuotaBytes)) refuse('over_quota')
}

/** @throws blob_not_found */
export async function getFile(session: Session, { all }: Sight, id: string): Promise<FileRow & { inUse: boolean }> {
  return (await session.read(selectFileSeen, { id, all, subject: session.principal.subject })) ?? refuse('blob_not_found')
}

/** Somebody's wish: theirs to remove, and not the audio of a recording or a message. @throws blob_not_found, blob_in_use, permission_denied */
export function removeUpload(session: Session, sight: Sight, id: string): Promise<void> {
  return session.write(async (tx) => {
    const { inUse, createdBy } = await getFile(tx, sight, id)
    if (!sight.all && createdBy !== tx.principal.subject)
      refuse('permission_denied', { message: 'Only who uploaded a file may remove it.' })
    if (inUse) refuse('blob_in_use')
    await removeFile(tx, id)
  })
}

/** The row goes now, the bytes once that is certain. @throws blob_not_found */
export function removeFile(session: Session, id: string): Promise<void> {
  return session.write(async (tx) => {
    const removed = (await tx.read(deleteFile, { id })) ?? refuse('blob_not_found')
    await tx.read(addUsage, { type: removed.type, bytes: -removed.size, files: -1 })
    await discardBytes(tx, removed.key)
    tx.emit('blob.deleted', { blobId: id, type: removed.type }, { resource: `blob:${id}`, before: removed })
  })
}

/** Many at once, for whoever tells of them in an entry of their own: none is announced by itself. */
export async function removeFiles(tx: Tx, ids: readonly string[]): Promise<void> {
  const removed = await tx.list(deleteFiles, { ids })
  for (const [type, files] of Map.groupBy(removed, (file) => file.type)) {
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    await tx.run(addUsage, { type, bytes: -bytes, files: -files.length })
  }
  for (const { key } of removed) await discardBytes(tx, key)
}

/** Bytes that no row names any more are not kept until they would be collected, a day later. */
export const discardBytes = (tx: Tx, key: string): Promise<void> => tx.enqueue('blobs.collect', { key }, { key: `blobs.remove:${key}` })

/** The job's work: bytes that no row names are removed. */
export async function collectBytes(session: Session, key: string, { blobs }: FileServices): Promise<void> {
  if (!key.startsWith(`${session.organizationId}/`)) return
  if (!(await session.read(selectKeyInUse, { key }))) await blobs.remove(key)
}

export interface StorageUsage {
  readonly used: number
  readonly quota: number
  readonly types: Readonly<Record<FileType, { readonly bytes: number; readonly files: number }>>
}

export async function storageUsage(session: Session): Promise<StorageUsage> {
  const row = (await session.read(selectUsage, {})) ?? refuse('internal')
  return {
    used: totalOf(row),
    quota: row.quota ?? defaultQuotaBytes,
    types: {
      recording: { bytes: row.recordingBytes, files: row.recordingFiles },
      voicemail: { bytes: row.voicemailBytes, files: row.voicemailFiles },
      asset: { bytes: row.assetBytes, files: row.assetFiles },
    },
  }
}

const totalOf = ({ recordingBytes, voicemailBytes, assetBytes }: UsageRow): number => recordingBytes + voicemailBytes + assetBytes
