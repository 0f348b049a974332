// E1. Where people sign in, for every contract: the token is good at all of them.
import { type Static, Type } from 'typebox'
import {
  endOtherSignIns,
  endSignIn,
  listSignIns,
  refreshSignIn,
  type SignedIn,
  type SignIn as SignInShown,
  signIn,
  signOut,
} from '../../domain/people/index.ts'
import { Refusal, refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import { uuidPattern } from '../../platform/ids/index.ts'
import { wireTime } from '../../platform/time/index.ts'
import type { House } from '../house.ts'

const Secret = Type.String({ minLength: 1, maxLength: 256 })
const Granted = Type.Object({
  access_token: Type.String(),
  token_type: Type.String(),
  expires_in: Type.Integer(),
  refresh_token: Type.String(),
})
const Timestamp = Type.String({ format: 'date-time' })
const SignIn = Type.Object({
  id: Type.String({ format: 'uuid' }),
  started_at: Timestamp,
  last_used_at: Timestamp,
  expires_at: Timestamp,
  current: Type.Boolean(),
})
const neverStored = { 'cache-control': 'no-store' }
const Login = Type.Object({ username: Type.String({ minLength: 1, maxLength: 254 }), password: Secret })

const sessions = '/api/v1/auth/sessions'

export const auth = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'auth.login',
    method: 'POST',
    path: '/api/v1/auth/login',
    summary: 'Sign in with a user name or e-mail address and a password',
    permission: 'public',
    accepts: ['json', 'form'],
    bodyLimit: 16_384,
    body: Login,
    response: { 200: Granted },
    errors: ['invalid_credentials', 'locked_out'],
    examples: [{ title: 'Nobody of that name', body: { username: 'user@example.com', password: 'secure_password' }, status: 401 }],
    handle: async ({ session, body }) => answer(200, granted(await signIn(session, house, body.username, body.password)), neverStored),
  }),
  endpoint({
    operation: 'auth.refresh',
    method: 'POST',
    path: '/api/v1/auth/refresh',
    summary: 'A new access token for a refresh token, which is then used up, and the next refresh token',
    permission: 'public',
    bodyLimit: 16_384,
    body: Type.Object({ refresh_token: Secret }),
    response: { 200: Granted },
    errors: ['invalid_token'],
    examples: [{ title: 'A token that nobody was given', body: { refresh_token: 'pbr_unknown' }, status: 401 }],
    handle: async ({ session, body }) =>
      answer(200, granted(await refreshSignIn(session, house, body.refresh_token).catch(toInvalidToken)), neverStored),
  }),
  endpoint({
    operation: 'auth.logout',
    method: 'POST',
    path: '/api/v1/auth/logout',
    summary: 'End the sign-in that the token comes from: its access and refresh tokens are no longer good',
    permission: 'authenticated',
    bodyOptional: true,
    body: Type.Object({ refresh_token: Type.Optional(Secret) }),
    response: { 204: null },
    errors: ['invalid_token'],
    handle: async ({ session, body }) => {
      await signOut(session, house, body.refresh_token ?? null).catch(toInvalidToken)
      return answer(204, null)
    },
  }),
  endpoint({
    operation: 'auth.list-sessions',
    method: 'GET',
    path: sessions,
    summary: 'Where one is signed in, that used last first, a hundred at most',
    permission: 'authenticated',
    response: { 200: Type.Object({ sessions: Type.Array(SignIn) }) },
    handle: async ({ session }) => ({ sessions: (await listSignIns(session, house)).map(shown) }),
  }),
  endpoint({
    operation: 'auth.end-sessions',
    method: 'DELETE',
    path: sessions,
    summary: 'End all of one’s sign-ins but the one that asks, which is of the last ten minutes',
    permission: 'authenticated',
    response: { 204: null },
    errors: ['permission_denied'],
    handle: async ({ session }) => {
      await endOtherSignIns(session, house)
      return answer(204, null)
    },
  }),
  endpoint({
    operation: 'auth.end-session',
    method: 'DELETE',
    path: `${sessions}/:id`,
    params: Type.Object({ id: Type.String({ pattern: uuidPattern }) }),
    missing: 'sign_in_not_found',
    summary: 'End one of one’s sign-ins: the one that asks, or another, if the one that asks is of the last ten minutes',
    permission: 'authenticated',
    response: { 204: null },
    errors: ['sign_in_not_found', 'permission_denied'],
    handle: async ({ session, params }) => {
      await endSignIn(session, house, params.id)
      return answer(204, null)
    },
  }),
]

const shown = ({ id, startedAt, usedAt, expiresAt, current }: SignInShown): Static<typeof SignIn> => ({
  id,
  started_at: wireTime(startedAt),
  last_used_at: wireTime(usedAt),
  expires_at: wireTime(expiresAt),
  current,
})

const granted = ({ accessToken, refreshToken, expiresInS }: SignedIn): Static<typeof Granted> => ({
  access_token: accessToken,
  token_type: 'bearer',
  expires_in: expiresInS,
  refresh_token: refreshToken,
})

/** OAuth's word for it is a 400; here it is a credential that does not let one in. */
function toInvalidToken(error: unknown): never {
  if (error instanceof Refusal && error.code === 'invalid_grant') return refuse('invalid_token', { message: error.message, cause: error })
  throw error
}
