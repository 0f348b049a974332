// S19. What happens, as it happens: server-sent events, resumable from any event, nothing lost or repeated.
import { type Static, Type } from 'typebox'
import { may, type Principal } from '../../platform/auth/index.ts'
import { refuse, refuseField } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint, Live, type RequestFacts } from '../../platform/http/index.ts'
import { authenticateBearer } from '../bearer.ts'
import type { House } from '../house.ts'
import { audienceOf, readTypes } from './event-sight.ts'
import { openStreams } from './event-streams.ts'
import { openTicket, sealTicket, ticketS, useTicket } from './event-ticket.ts'

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

export function events(house: House): AnyEndpoint[] {
  return [streamEndpoint(house), ticketEndpoint(house)]
}

function streamEndpoint(house: House): AnyEndpoint {
  const streams = openStreams(house)
  return endpoint({
    operation: 'events.stream',
    method: 'GET',
    path: '/v1/events',
    summary: 'Events as they happen; Last-Event-ID resumes behind the one it names',
    permission: 'events:read',
    verify: listenerOf(house),
    query: Query,
    response: { 200: 'text/event-stream' },
    errors: ['missing_token', 'invalid_token', 'permission_denied', 'too_many_streams', 'events_gone'],
    tags,
    handle: async ({ session, principal, query, request }) => {
      const types = readTypes(query.types)
      const resumed = lastEventOf(request, query)
      const after = await startOf(house, principal, resumed)
      if (request.method === 'HEAD') return answer(200, null, streamHeaders)
      const audience = await audienceOf(session, principal, types)
      const ticket = request.headers.authorization === undefined ? query.ticket : undefined
      if (ticket !== undefined) await useTicket(session, openTicket(house, ticket))
      const begin = streams.admit({ principal, after, resumes: resumed !== null, audience })
      return answer(200, new Live(begin), streamHeaders)
    },
  })
}

const ticketEndpoint = (house: House): AnyEndpoint =>
  endpoint({
    operation: 'events.ticket',
    method: 'POST',
    path: '/v1/events/ticket',
    summary: 'A ticket for GET /v1/events?ticket=…, good for one stream within a minute',
    permission: 'events:read',
    response: { 201: Type.Object({ ticket: Type.String(), expiresIn: Type.Integer(), url: Type.String() }) },
    tags,
    handle: ({ principal }) => {
      const ticket = sealTicket(house, principal)
      const url = `${house.baseUrl()}/v1/events?ticket=${ticket}`
      return answer(201, { ticket, expiresIn: ticketS, url }, { 'cache-control': 'no-store' })
    },
  })

/** A header or a ticket. @throws missing_token, invalid_token, permission_denied */
function listenerOf(house: House): (request: RequestFacts) => Promise<Principal> {
  const byHeader = authenticateBearer(house)
  return async (request) => {
    const ticket = new URL(request.url, 'http://localhost').searchParams.get('ticket')
    const principal = (await byHeader(request)) ?? (ticket === null ? null : openTicket(house, ticket).principal)
    if (!principal) return refuse('missing_token')
    if (!may(principal, 'events:read')) refuse('permission_denied', { message: 'This needs the permission events:read.' })
    return principal
  }
}

/** Null for from now on. @throws invalid_request */
function lastEventOf({ headers }: RequestFacts, { lastEventId }: Static<typeof Query>): number | null {
  const header = headers['last-event-id']
  const text = String(header ?? lastEventId ?? '')
  if (text === '') return null
  if (!/^\d{1,15}$/.test(text)) refuseField(header === undefined ? 'query' : 'header', 'Last-Event-ID', 'must be the id of an event')
  return Number(text)
}

/** Behind which event to begin. @throws invalid_request for one that never was, events_gone for one after which some are no longer kept */
async function startOf({ feed }: House, { organizationId }: Principal, resumed: number | null): Promise<number> {
  const { first, end } = await feed.bounds(organizationId)
  if (resumed === null) return end
  if (resumed > end) refuseField('header', 'Last-Event-ID', 'is of no event of this organization')
  if (resumed < (first ?? end + 1) - 1) refuse('events_gone')
  return resumed
}
