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
export function authenticateBearer(house: House): (request: RequestFacts) => Promise<Principal | null> {
  return async ({ headers, url }) => {
    // A token in the address ends up in logs and histories (RFC 9700, 4.3.2), so it is refused even beside a good one.
    if (url.includes('?') && /[?&]access_token=/i.test(url))
      refuse('invalid_token', { message: 'A token belongs into the Authorization header, not into the address.' })
    const header = headers.authorization
    if (header === undefined) return null
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(String(header))?.[1]
    if (!token) return refuse('invalid_token')
    return admit(house, await house.tokens.verify(token), 'invalid_token')
  }
}
