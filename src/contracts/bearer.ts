// The bearer credential, as sapien, trudy, gobi and sei share it: one header, never the query.
import type { Principal } from '../platform/auth/index.ts'
import { type Refusal, refuse } from '../platform/errors/index.ts'
import type { RequestFacts } from '../platform/http/index.ts'
import type { House } from './house.ts'
import { admit } from './standing.ts'

export const bearerScheme = { bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } as const

/** RFC 6750, 3: what a 401 asks for, and what was wrong with the token, if there was one. */
export const challenge = ({ kind, code }: Refusal): Readonly<Record<string, string>> =>
  kind === 'unauthenticated'
    ? { 'www-authenticate': `Bearer realm="patchbay"${code === 'missing_token' ? '' : ', error="invalid_token"'}` }
    : {}

/** Null without an Authorization header. @throws invalid_token, token_expired */
export function authenticateBearer(house: House): (request: RequestFacts) => Principal | null | Promise<Principal | null> {
  /** What a connection's last header was found to be: clients repeat theirs, and reading it anew is a good part of a request. */
  const last = new WeakMap<object, { readonly header: string; readonly principal: Principal }>()
  const read = async (header: string, connection: object): Promise<Principal> => {
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(header)?.[1]
    if (!token) return refuse('invalid_token')
    const principal = await house.tokens.verify(token)
    last.set(connection, { header, principal })
    return admit(house, principal, 'invalid_token')
  }
  return ({ headers, url, connection }) => {
    // A token in the address ends up in logs and histories (RFC 9700, 4.3.2), so it is refused even beside a good one.
    if (url.includes('?') && /[?&]access_token=/i.test(url))
      refuse('invalid_token', { message: 'A token belongs into the Authorization header, not into the address.' })
    const header = headers.authorization
    if (header === undefined) return null
    const before = last.get(connection)
    if (before?.header === header && house.tokens.lasts(before.principal)) return admit(house, before.principal, 'invalid_token')
    return read(String(header), connection)
  }
}
