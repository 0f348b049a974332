// S12. Voicemail: listed, shown, read and unread, downloaded by a signed link, removed.
import { Type } from 'typebox'
import { sightOf } from '../../domain/people/index.ts'
import { getVoicemail, getVoicemailAudio, listVoicemails, markVoicemail, removeVoicemail } from '../../domain/voicemail/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { UuidParams, Voicemail, Voicemails } from './call-shapes.ts'
import { Id, Page } from './shapes.ts'

const tags = ['Voicemail']
const one = { params: UuidParams, missing: 'voicemail_not_found', errors: ['voicemail_not_found'], tags } as const
const Query = Type.Object({ userId: Type.Optional(Id), status: Type.Enum(['new', 'read', 'all'], { default: 'all' }), ...Page })
const linkS = 300

export const voicemail = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'voicemail.list',
    method: 'GET',
    path: '/v1/voicemail',
    summary: 'Voicemail, newest first',
    permission: 'voicemail:read',
    query: Query,
    response: { 200: Voicemails },
    tags,
    handle: ({ session, principal, query }) => listVoicemails(session, sightOf(principal), { ...query, baseUrl: house.baseUrl() }),
  }),
  endpoint({
    operation: 'voicemail.get',
    method: 'GET',
    path: '/v1/voicemail/:id',
    summary: 'One message',
    permission: 'voicemail:read',
    response: { 200: Voicemail },
    ...one,
    handle: ({ session, principal, params }) => getVoicemail(session, sightOf(principal), params.id, house.baseUrl()),
  }),
  ...(['read', 'unread'] as const).map((mark) =>
    endpoint({
      operation: `voicemail.${mark}`,
      method: 'PUT',
      path: `/v1/voicemail/:id/${mark}`,
      summary: mark === 'read' ? 'Mark it as read' : 'Mark it as new',
      permission: 'voicemail:write',
      response: { 200: Voicemail },
      ...one,
      handle: ({ session, principal, params }) =>
        session.write(async (tx) => {
          await markVoicemail(tx, sightOf(principal), params.id, mark === 'read' ? 'read' : 'new')
          return getVoicemail(tx, sightOf(principal), params.id, house.baseUrl())
        }),
    }),
  ),
  endpoint({
    operation: 'voicemail.download',
    method: 'GET',
    path: '/v1/voicemail/:id/download',
    summary: 'A signed link to its audio, good for five minutes',
    permission: 'voicemail:read',
    response: { 302: null },
    ...one,
    errors: ['voicemail_not_found', 'recording_not_ready'],
    handle: async ({ session, principal, params }) => {
      const { key, mimeType } = await getVoicemailAudio(session, sightOf(principal), params.id)
      const what = { filename: `voicemail-${params.id}.wav`, contentType: mimeType, disposition: 'attachment' } as const
      return answer(302, null, { location: await house.blobs.link(key, { ...what, expiresS: linkS }), 'cache-control': 'no-store' })
    },
  }),
  endpoint({
    operation: 'voicemail.delete',
    method: 'DELETE',
    path: '/v1/voicemail/:id',
    summary: 'Remove a message and its audio',
    permission: 'voicemail:write',
    response: { 204: null },
    ...one,
    handle: async ({ session, principal, params }) => {
      await removeVoicemail(session, sightOf(principal), params.id)
      return null
    },
  }),
]
