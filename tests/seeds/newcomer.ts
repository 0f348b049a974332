// What a newcomer has: ./patchbay up in an empty folder, its credentials.json, and a second organisation to be kept apart from.
import { type RunningPatchbay, startPatchbay } from '../cli/patchbay.ts'
import { type Reply, replyOf } from './asking.ts'

export interface Asked {
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly body?: string
  /** A token, in place of the first client's; null for none. */
  readonly as?: string | null
}

export interface Newcomer {
  readonly patchbay: RunningPatchbay
  /** An admin's token of another organisation. */
  readonly foreign: string
  ask(method: string, path: string, asked?: Asked): Promise<Reply>
}

export async function openNewcomer(): Promise<Newcomer> {
  const patchbay = await startPatchbay()
  const { baseUrl, oauth } = patchbay.credentials
  const body = JSON.stringify({ ...oauth, grant_type: 'client_credentials' })
  const answer = await fetch(`${baseUrl}/oauth/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const token: string = (await replyOf(answer)).body.access_token
  const { out } = await patchbay.run('org', 'create', '--name', 'Elsewhere Limited')
  const foreign = (await patchbay.run('token', '--org', String(JSON.parse(out).organizationId), '--roles', 'admin')).out.trim()
  return { patchbay, foreign, ask: (method, path, asked = {}) => send(baseUrl, token, method, path, asked) }
}

async function send(
  baseUrl: string,
  token: string,
  method: string,
  path: string,
  { headers, json, body, as = token }: Asked,
): Promise<Reply> {
  const content = json === undefined ? body : JSON.stringify(json)
  const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' }
  const bearer: Record<string, string> = as === null ? {} : { authorization: `Bearer ${as}` }
  const init = { method, redirect: 'manual', headers: { ...type, ...bearer, ...headers } } as const
  return replyOf(await fetch(`${baseUrl}${path}`, content === undefined ? init : { ...init, body: content }))
}
