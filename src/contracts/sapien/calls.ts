// S6. Calls: listed, shown, placed, hung up, transferred, held.
import { type CallFilter, getCall, hangUp, hold, listCalls, placeCall, transfer } from '../../domain/calls/index.ts'
import { sightOf } from '../../domain/people/index.ts'
import { refuseField } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { CallDetail, CallQuery, Calls, Hold, NewCall, Transfer, UuidParams } from './call-shapes.ts'
import { rangeOf } from './instants.ts'

const tags = ['Calls']
const one = { params: UuidParams, missing: 'call_not_found', tags } as const

interface FilterQuery extends Omit<CallFilter, 'from' | 'to'> {
  from?: string
  to?: string
}
/** @throws invalid_request naming `from` or `to` */
export function filterOf({ from, to, number, ...rest }: FilterQuery): CallFilter {
  const range = rangeOf({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) })
  return { ...rest, ...range, number: number ? number.replace(/^[+ ]?/, '+') : null }
}

export const calls = (house: House): AnyEndpoint[] => [...readCalls(house), ...changeCalls(house)]

const readCalls = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'calls.list',
    method: 'GET',
    path: '/v1/calls',
    summary: 'Calls, newest first; by offset, or by cursor at any depth',
    permission: 'calls:read',
    query: CallQuery,
    response: { 200: Calls },
    examples: [
      {
        title: 'What was missed since March',
        query: { from: '2026-03-01T00:00:00Z', direction: 'inbound', status: 'no_answer' },
        status: 200,
      },
    ],
    tags,
    handle: ({ session, principal, query }) => {
      const { limit, offset, sort, cursor = null, ...filter } = query
      return listCalls(session, sightOf(principal), filterOf(filter), { limit, offset, sort, cursor, baseUrl: house.baseUrl() })
    },
  }),
  endpoint({
    operation: 'calls.get',
    method: 'GET',
    path: '/v1/calls/:id',
    summary: 'One call with its legs, events, recording, transcript and cost',
    permission: 'calls:read',
    response: { 200: CallDetail },
    errors: ['call_not_found'],
    ...one,
    handle: ({ session, principal, params }) => getCall(session, sightOf(principal), params.id, house.baseUrl()),
  }),
]

/** What may come of asking the carrier. */
const carrier = ['provider_failed', 'provider_timeout', 'circuit_open'] as const

const changeCalls = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'calls.create',
    method: 'POST',
    path: '/v1/calls',
    summary: 'Place a call: a person is rung first, or an agent talks',
    permission: 'calls:write',
    body: NewCall,
    response: { 201: CallDetail },
    errors: ['unknown_number', 'unknown_user', 'unknown_agent', 'no_device'],
    examples: [
      { title: 'From a number that is not yours', body: { from: '+442079460000', to: '+15005550100', userId: 12345 }, status: 422 },
    ],
    tags,
    handle: ({ session, principal, body }) =>
      session.write(async (tx) => {
        const id = await placeCall(tx, body, house.telephony.name)
        return answer(201, await getCall(tx, sightOf(principal), id, house.baseUrl()), { location: `/v1/calls/${id}` })
      }),
  }),
  endpoint({
    operation: 'calls.hangup',
    method: 'POST',
    path: '/v1/calls/:id/hangup',
    summary: 'End a live call',
    permission: 'calls:write',
    response: { 200: CallDetail },
    errors: ['call_not_found', 'call_not_live', ...carrier],
    ...one,
    handle: async ({ session, principal, params }) => {
      await hangUp(session, sightOf(principal), params.id, house)
      return getCall(session, sightOf(principal), params.id, house.baseUrl())
    },
  }),
  endpoint({
    operation: 'calls.transfer',
    method: 'POST',
    path: '/v1/calls/:id/transfer',
    summary: 'Put a live call through to a number or a person',
    permission: 'calls:write',
    body: Transfer,
    response: { 200: CallDetail },
    errors: ['call_not_found', 'call_not_live', 'unknown_user', 'no_device', ...carrier],
    ...one,
    handle: async ({ session, principal, params, body: { to, userId } }) => {
      if ((to === undefined) === (userId === undefined))
        refuseField('body', 'to', 'either to or userId says where, and not both', 'required')
      const target = to === undefined ? { userId: userId ?? 0 } : { to }
      await transfer(session, sightOf(principal), params.id, target, house)
      return getCall(session, sightOf(principal), params.id, house.baseUrl())
    },
  }),
  endpoint({
    operation: 'calls.hold',
    method: 'POST',
    path: '/v1/calls/:id/hold',
    summary: 'Hold a live call, or take it back with {"hold": false}',
    permission: 'calls:write',
    body: Hold,
    bodyOptional: true,
    response: { 200: CallDetail },
    errors: ['call_not_found', 'call_not_live', ...carrier],
    ...one,
    handle: async ({ session, principal, params, body }) => {
      await hold(session, sightOf(principal), params.id, body.hold, house)
      return getCall(session, sightOf(principal), params.id, house.baseUrl())
    },
  }),
]
