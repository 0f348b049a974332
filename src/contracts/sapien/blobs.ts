// S10. Files: uploaded as a stream, served whole or in part, removed; and how much is kept. Links to them are served here.
import { Type } from 'typebox'
import { checkRoom, type FileRow, getFile, keepUpload, removeUpload, storageUsage, type Upload } from '../../domain/files/index.ts'
import { sightOf } from '../../domain/people/index.ts'
import { linkPurpose, openLink } from '../../platform/blobs/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint, type RequestFacts } from '../../platform/http/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import type { House } from '../house.ts'
import { Blob, UuidParams } from './call-shapes.ts'
import { fileAnswer } from './file-answer.ts'
import { receiveUpload } from './upload.ts'

const tags = ['Blobs']
const one = { params: UuidParams, missing: 'blob_not_found', tags } as const
const Kept = Type.Object({ bytes: Type.Integer(), files: Type.Integer() })
const Parts = Type.Object({
  file: Type.String({ format: 'binary' }),
  type: Type.Optional(Type.Enum(['recording', 'voicemail', 'asset'], { default: 'asset' })),
  metadata: Type.Optional(Type.String({ description: 'A JSON object.' })),
})
const Storage = Type.Object({
  used: Type.Integer(),
  quota: Type.Integer(),
  types: Type.Object({ recording: Kept, voicemail: Kept, asset: Kept }),
})

export const blobs = (house: House): AnyEndpoint[] => {
  const show = ({ key: _key, createdBy: _by, createdAt, ...row }: FileRow) => ({
    ...row,
    url: `${house.baseUrl()}/v1/blobs/${row.id}`,
    createdAt: wireTime(createdAt),
  })
  const uploads = new WeakMap<RequestFacts, Upload>()
  return [
    endpoint({
      operation: 'blobs.create',
      method: 'POST',
      path: '/v1/blobs',
      summary: 'Upload a file: multipart with file, type and metadata, in any order',
      permission: 'blobs:write',
      accepts: ['stream'],
      bodyLimit: Number.MAX_SAFE_INTEGER,
      parts: Parts,
      response: { 201: Blob },
      errors: [
        'blob_too_large',
        'over_quota',
        'upload_incomplete',
        'unsupported_media_type',
        'malware_found',
        'storage_unavailable',
        'scanner_unavailable',
      ],
      tags,
      receive: async ({ session, request }) => {
        const announced = Number(request.headers['content-length'] ?? 0)
        const { maxBlobBytes } = house.settings
        if (announced > maxBlobBytes + formOverhead) refuse('blob_too_large', { headers: { connection: 'close' } })
        if (Number.isFinite(announced)) await checkRoom(session, Math.max(0, announced - formOverhead))
        const upload = await receiveUpload(session, house, request, maxBlobBytes)
        uploads.set(request, upload)
        return { digest: JSON.stringify([upload.stored.sha256, upload.facts]), discard: () => house.blobs.remove(upload.stored.key) }
      },
      handle: async ({ session, request }) => {
        const row = await keepUpload(session, house, uploads.get(request) ?? refuse('upload_incomplete'))
        return answer(201, show(row), { location: `/v1/blobs/${row.id}` })
      },
    }),
    endpoint({
      operation: 'blobs.get',
      method: 'GET',
      path: '/v1/blobs/:id',
      summary: 'Download a file, whole or in part',
      permission: 'blobs:read',
      response: { 200: 'application/octet-stream', 206: 'application/octet-stream', 304: null },
      errors: ['blob_not_found', 'range_not_satisfiable', 'storage_unavailable'],
      ...one,
      handle: async ({ session, principal, params, request }) => {
        const { key, filename, mimeType } = await getFile(session, sightOf(principal), params.id)
        return fileAnswer(house.blobs, { key, filename, contentType: mimeType, disposition: 'attachment' }, request, 'blob_not_found')
      },
    }),
    endpoint({
      operation: 'blobs.delete',
      method: 'DELETE',
      path: '/v1/blobs/:id',
      summary: 'Remove a file',
      permission: 'blobs:write',
      response: { 204: null },
      errors: ['blob_not_found', 'blob_in_use'],
      ...one,
      handle: async ({ session, principal, params }) => {
        await removeUpload(session, sightOf(principal), params.id)
        return null
      },
    }),
    endpoint({
      operation: 'storage.get',
      method: 'GET',
      path: '/v1/storage',
      summary: 'How much is kept, by type, and how much may be',
      permission: 'blobs:read',
      response: { 200: Storage },
      tags,
      handle: ({ session }) => storageUsage(session),
    }),
    linked(house),
  ]
}

/** What boundaries, headers and small fields add to a file's own size. */
const formOverhead = 64 * 1024

/** The link itself is the credential: signed, for one file, for a few minutes. */
const linked = (house: House): AnyEndpoint => {
  const verify = house.vault.verifier(linkPurpose)
  return endpoint({
    operation: 'blobs.linked',
    method: 'GET',
    path: '/blobs/:token',
    summary: 'A file behind a signed link',
    permission: 'public',
    params: Type.Object({ token: Type.String({ maxLength: 2048 }) }),
    missing: 'link_expired',
    response: { 200: 'application/octet-stream', 206: 'application/octet-stream', 304: null },
    errors: ['link_expired', 'range_not_satisfiable', 'storage_unavailable'],
    tags,
    handle: ({ params, session, request }) =>
      fileAnswer(house.blobs, openLink(params.token, verify, session.now()) ?? refuse('link_expired'), request, 'link_expired'),
  })
}
