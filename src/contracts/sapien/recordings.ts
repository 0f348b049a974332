// S8. Recordings: listed, shown, downloaded by a signed link, removed, paused and resumed.
import { Type } from 'typebox'
import { sightOf } from '../../domain/people/index.ts'
import { controlRecording, getRecording, type Recording as Kept, listRecordings, removeRecording } from '../../domain/recordings/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { Recording, Recordings, Uuid, UuidParams } from './call-shapes.ts'
import { Instant, rangeOf } from './instants.ts'
import { mp3Of } from './mp3.ts'
import { Id, Page } from './shapes.ts'

const tags = ['Recordings']
const one = { params: UuidParams, missing: 'recording_not_found', tags } as const
const linkS = 300

const Query = Type.Object({ from: Instant, to: Instant, userId: Type.Optional(Id), callId: Type.Optional(Uuid), ...Page })
const Format = Type.Object({ format: Type.Optional(Type.Enum(['wav', 'mp3'])) })

export const recordings = (house: House): AnyEndpoint[] => {
  const show = (kept: Kept) => ({
    ...kept,
    url: kept.status === 'available' ? `${house.baseUrl()}/v1/recordings/${kept.id}/download` : null,
  })
  return [
    endpoint({
      operation: 'recordings.list',
      method: 'GET',
      path: '/v1/recordings',
      summary: 'Recordings, newest first',
      permission: 'recordings:read',
      query: Query,
      response: { 200: Recordings },
      tags,
      handle: ({ session, principal, query: { from, to, userId = null, callId = null, limit, offset } }) => {
        const range = rangeOf({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) })
        return listRecordings(session, sightOf(principal), { ...range, userId, callId }, { limit, offset, baseUrl: house.baseUrl() })
      },
    }),
    endpoint({
      operation: 'recordings.get',
      method: 'GET',
      path: '/v1/recordings/:id',
      summary: 'One recording',
      permission: 'recordings:read',
      response: { 200: Recording },
      errors: ['recording_not_found'],
      ...one,
      handle: async ({ session, principal, params }) => show(await getRecording(session, sightOf(principal), params.id, house)),
    }),
    endpoint({
      operation: 'recordings.download',
      method: 'GET',
      path: '/v1/recordings/:id/download',
      summary: 'A signed link to its audio, good for five minutes; mp3 is sent at once',
      permission: 'recordings:read',
      query: Format,
      response: { 302: null, 200: 'audio/mpeg' },
      errors: ['recording_not_found', 'recording_not_ready', 'format_unavailable', 'storage_unavailable'],
      ...one,
      handle: async ({ session, principal, params, query, request }) => {
        const { key, format, mimeType } = await getRecording(session, sightOf(principal), params.id, house)
        if (key === null) return refuse('recording_not_ready')
        const wanted = query.format ?? format
        if (wanted !== format) return wanted === 'mp3' ? mp3Of(house.blobs, key, params.id, request) : refuse('format_unavailable')
        const what = { filename: `recording-${params.id}.${format}`, contentType: mimeType ?? 'audio/wav' }
        return answer(302, null, {
          location: await house.blobs.link(key, { ...what, disposition: 'attachment', expiresS: linkS }),
          'cache-control': 'no-store',
        })
      },
    }),
    endpoint({
      operation: 'recordings.delete',
      method: 'DELETE',
      path: '/v1/recordings/:id',
      summary: 'Remove a recording and its audio',
      permission: 'recordings:delete',
      response: { 204: null },
      errors: ['recording_not_found', 'recording_held'],
      ...one,
      handle: async ({ session, principal, params }) => {
        await removeRecording(session, sightOf(principal), params.id, house)
        return null
      },
    }),
    ...(['pause', 'resume'] as const).map((action) =>
      endpoint({
        operation: `recordings.${action}`,
        method: 'POST',
        path: `/v1/calls/:id/recording/${action}`,
        summary: action === 'pause' ? 'Stop recording a live call for a while' : 'Go on recording it',
        permission: 'recordings:control',
        params: UuidParams,
        missing: 'call_not_found',
        response: { 200: Recording },
        errors: ['call_not_found', 'call_not_live', 'not_recording', 'provider_failed', 'provider_timeout', 'circuit_open'],
        tags,
        handle: async ({ session, principal, params }) => {
          const wanted = action === 'pause' ? 'paused' : 'in_progress'
          return show(await controlRecording(session, sightOf(principal), params.id, wanted, house))
        },
      }),
    ),
  ]
}
