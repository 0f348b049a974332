// S19. What happens, as it happens: server-sent events, resumable from any event, nothing lost or repeated.
import { type Static, Type } from 'typebox'
import { may, type Principal } from '../../platform/auth/index.ts'
import { refuse, refuseField } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint, type RequestFacts } from '../../platform/http/index.ts'
import { authenticateBearer } from '../bearer.ts'
import type { House } from '../house.ts'
import { mayHear, readTypes } from './event-sight.ts'
import { openStream } from './event-stream.ts'
import { openTicket, sealTicket, ticketS } from './event-ticket.ts'

const tags = ['Events']
const Query = Type.Object({
  types: Type.Optional(Type.String({ maxLength: 1000, description: 'Such as call.*,availability.*; everything when left out' })),
  ticket: Type.Optional(Type.String({ maxLength: 4096, description: 'From POST /v1/events/ticket, for clients that send no header' })),
  lastEventId: Type.Optional(Type.String({ maxLength: 32, description: 'As the Last-Event-ID header, which goes before it' })),
})
const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

export const events = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'events.stream',
    method: 'GET',
    path: '/v1/events',
    summary: 'Events as they happen; Last-Event-ID resumes behind the one it names',
    permission: 'events:read',
    verify: listenerOf(house),
    query: Query,
    response: { 200: 'text/event-stream' },
    errors: ['missing_token', 'invalid_token', 'permission_denied'],
    tags,
    handle: async ({ session, principal, query, request }) => {
      const types = readTypes(query.types)
      const resumed = lastEventOf(request, query)
      if (request.method === 'HEAD') return answer(200, null, streamHeaders)
      const wanted = await mayHear(session, principal, types)
      const after = resumed ?? (await house.feed.end(principal.organizationId))
      return answer(200, openStream(house, principal.organizationId, after, wanted), streamHeaders)
    },
  }),
  endpoint({
    operation: 'events.ticket',
    method: 'POST',
    path: '/v1/events/ticket',
    summary: 'A one-minute ticket for GET /v1/events?ticket=…',
    permission: 'events:read',
    response: { 201: Type.Object({ ticket: Type.String(), expiresIn: Type.Integer(), url: Type.String() }) },
    tags,
    handle: ({ session, principal }) => {
      const ticket = sealTicket(house.vault, principal, session.now())
      return answer(
        201,
        { ticket, expiresIn: ticketS, url: `${house.baseUrl()}/v1/events?ticket=${ticket}` },
        { 'cache-control': 'no-store' },
      )
    },
  }),
]

/** A header or a ticket. @throws missing_token, invalid_token, permission_denied */
function listenerOf(house: House): (request: RequestFacts) => Promise<Principal> {
  const byHeader = authenticateBearer(house)
  return async (request) => {
    const ticket = new URL(request.url, 'http://localhost').searchParams.get('ticket')
    const principal = (await byHeader(request)) ?? (ticket === null ? null : openTicket(house.vault, ticket, house.clock.now()))
    if (!principal) return refuse('missing_token')
    if (!may(principal, 'events:read')) refuse('permission_denied', { message: 'This needs the permission events:read.' })
    return principal
  }
}

/** Null for from now on. @throws invalid_request */
function lastEventOf({ headers }: RequestFacts, { lastEventId }: Static<typeof Query>): number | null {
  const given = headers['last-event-id'] ?? lastEventId
  if (given === undefined || given === '') return null
  const text = String(given)
  if (!/^\d{1,15}$/.test(text)) refuseField(lastEventId === undefined ? 'header' : 'query', 'Last-Event-ID', 'must be the id of an event')
  return Number(text)
}
