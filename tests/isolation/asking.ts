// Asks as somebody: turns a row of the matrix into a request with that role's credentials, and an answer into what can be
// compared with another byte for byte.
import twilio from 'twilio'
import type { AnyEndpoint } from '../../src/platform/http/index.ts'
import type { TestHouse } from '../support/house.ts'
import type { Role, Sent } from './matrix.ts'
import type { Tenant } from './tenant.ts'

export const carrierToken = 'a-token-that-only-tests-know-0001'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Credentials = Record<string, string>

/** What each role sends to prove itself. The foreign admin has a token and a key, so that every contract knows them. */
export async function credentialsOf(house: TestHouse, role: Role, own: Tenant, other: Tenant): Promise<Credentials> {
  const token = async (subject: string, organizationId: number, roles: string[]) => ({
    authorization: `Bearer ${await house.token({ subject, organizationId, roles })}`,
  })
  const { organizationId, founded } = own
  switch (role) {
    case 'anonymous':
    case 'provider':
      return {}
    case 'user':
      return token(`user:${own.bystanderId}`, organizationId, ['user'])
    case 'supervisor':
      return token(`user:${own.supervisorId}`, organizationId, ['supervisor'])
    case 'admin':
      return token(`user:${founded.adminId}`, organizationId, ['admin'])
    case 'integration':
      return token(`client:${own.integration.client_id}`, organizationId, ['integration'])
    case 'scopedKey':
      return { 'x-api-key': own.scopedKey }
    case 'adminKey':
      return { 'x-api-key': founded.apiKey }
    case 'foreign':
      return { ...(await token(`user:${other.founded.adminId}`, other.organizationId, ['admin'])), 'x-api-key': other.founded.apiKey }
  }
}

export const pathOf = ({ path }: Pick<AnyEndpoint, 'path'>, { params = {}, query }: Sent): string => {
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const search = new URLSearchParams(Object.entries(query ?? {}).map(([name, value]) => [name, String(value)])).toString()
  return search ? `${filled}?${search}` : filled
}

export async function ask(
  house: TestHouse,
  endpoint: AnyEndpoint,
  sent: Sent,
  credentials: Credentials,
  signed = false,
): Promise<Answered> {
  const path = pathOf(endpoint, sent)
  const headers = { ...credentials }
  if (signed) headers['x-twilio-signature'] = twilio.getExpectedTwilioSignature(carrierToken, `${house.url}${path}`, sent.form ?? {})
  const response = await house.request(endpoint.method, path, {
    headers,
    ...(sent.json === undefined ? {} : { json: sent.json }),
    ...(sent.form ? { form: { ...sent.form } } : {}),
    ...(sent.file ? { body: upload() } : {}),
  })
  const endless = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  if (endless) await response.body?.cancel()
  return { status: response.status, headers: Object.fromEntries(response.headers), body: endless ? '' : await response.text() }
}

export function upload(text = 'a note'): FormData {
  const form = new FormData()
  form.append('type', 'asset')
  form.append('file', new Blob([text], { type: 'text/plain' }), 'note.txt')
  return form
}

/** Without what differs between any two answers: the request's id and the moment. */
export function comparable({ status, headers, body }: Answered): Answered {
  const { date: _date, 'x-request-id': id = '', ...rest } = headers
  const plain = (id ? body.replaceAll(id, '(id)') : body).replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '(time)')
  return { status, headers: rest, body: plain }
}
