// Which refusals an operation can answer, found from the way every request goes (pipeline.ts), and their statuses,
// found by letting the contract render them: the reference cannot say another status than the server.
import { type Code, catalogue, Refusal } from '../../errors/index.ts'
import type { Contract } from '../contract.ts'
import type { AnyEndpoint } from '../endpoint.ts'
import type { Json } from './document.ts'

const always: readonly Code[] = ['internal', 'shutting_down', 'overloaded', 'database_unavailable']
const withBody: readonly Code[] = ['malformed_body', 'body_too_large', 'unsupported_media_type']
const withKey: readonly Code[] = ['idempotency_key_invalid', 'idempotency_key_in_use', 'idempotency_key_reused']
const keyed = new Set(['POST', 'PUT', 'PATCH'])

/** Also where a caller may prove itself another way than with the contract's credential. */
const needsCredential = (endpoint: AnyEndpoint): boolean => endpoint.permission !== 'public'

/** Keys count per credential, so that without one there is nothing to remember them by. */
export const takesKey = (endpoint: AnyEndpoint): boolean =>
  keyed.has(endpoint.method) && needsCredential(endpoint) && endpoint.verify === undefined

export function refusalsOf(contract: Contract, endpoint: AnyEndpoint): Code[] {
  const codes: Code[] = [...always, ...(endpoint.errors ?? [])]
  if (!endpoint.unlimited) codes.push('rate_limited')
  if (endpoint.method !== 'GET') codes.push(...withBody)
  if (endpoint.query || endpoint.body) codes.push('invalid_request')
  // A value that is no text once it is decoded never reaches the operation: that path is nowhere.
  if (/[:*]/.test(endpoint.path)) codes.push(endpoint.missing ?? 'route_not_found', 'route_not_found')
  if (takesKey(endpoint)) codes.push(...withKey)
  if (needsCredential(endpoint)) codes.push(...credentialRefusals(contract))
  if (needsCredential(endpoint) && endpoint.permission !== 'authenticated') codes.push('permission_denied')
  return [...new Set(codes)]
}

/** What has nothing to do with any one operation. */
export function commonRefusals(contract: Contract): Code[] {
  const anywhere: readonly Code[] = ['invalid_request', 'route_not_found', 'permission_denied', 'rate_limited']
  return [...always, ...withBody, ...withKey, ...anywhere, ...credentialRefusals(contract)]
}

function credentialRefusals(contract: Contract): Code[] {
  return contract.credentialMissing === 'missing_token' ? ['missing_token', 'invalid_token', 'token_expired'] : ['invalid_api_key']
}

export interface Said {
  readonly code: Code
  readonly status: number
  readonly sentence: string
  /** The body as this contract words it. */
  readonly body: Json
}

const moment = new Date('2026-03-02T09:30:00Z')
const requestId = '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e'

type Render = Contract['renderError']

function say(render: Render, code: Code): Said {
  const problems =
    code === 'invalid_request'
      ? { problems: [{ in: 'query' as const, path: ['limit'], message: 'must be <= 100', rule: 'maximum', params: { limit: 100 } }] }
      : {}
  const { status, body } = render(new Refusal(code, problems), { requestId, at: moment })
  return { code, status, sentence: catalogue[code].sentence, body: JSON.parse(JSON.stringify(body)) as Json }
}

/** The refusals by status, statuses in their order. */
export function sayAll(render: Render, codes: readonly Code[]): Map<number, Said[]> {
  const said = codes.map((code) => say(render, code)).sort((a, b) => a.status - b.status)
  return Map.groupBy(said, ({ status }) => status)
}
