// S1. How a client finds out about the issuer, its keys, and whom a token is for.
import { Type } from 'typebox'
import { getUserInfo } from '../../domain/people/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'

const Strings = Type.Array(Type.String())
const Configuration = Type.Object({
  issuer: Type.String(),
  token_endpoint: Type.String(),
  userinfo_endpoint: Type.String(),
  jwks_uri: Type.String(),
  grant_types_supported: Strings,
  response_types_supported: Strings,
  subject_types_supported: Strings,
  id_token_signing_alg_values_supported: Strings,
  token_endpoint_auth_methods_supported: Strings,
})
const KeySet = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.String(),
      kid: Type.String(),
      use: Type.String(),
      alg: Type.String(),
      n: Type.String(),
      e: Type.String(),
    }),
  ),
})
const UserInfo = Type.Object({
  sub: Type.String(),
  name: Type.Optional(Type.String()),
  given_name: Type.Optional(Type.String()),
  family_name: Type.Optional(Type.String()),
  preferred_username: Type.Optional(Type.String()),
  email: Type.Optional(Type.String()),
  organization_id: Type.Integer(),
  roles: Strings,
  permissions: Strings,
})
const cached = { 'cache-control': 'public, max-age=300' }

export const wellKnown = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'issuer.get-configuration',
    method: 'GET',
    path: '/.well-known/openid-configuration',
    summary: 'Where the issuer’s endpoints are (OpenID Connect Discovery)',
    permission: 'public',
    unlimited: true,
    response: { 200: Configuration },
    handle: () => answer(200, configuration(house), cached),
  }),
  endpoint({
    operation: 'issuer.list-keys',
    method: 'GET',
    path: '/.well-known/jwks.json',
    summary: 'The public keys that tokens are signed with (RFC 7517)',
    permission: 'public',
    unlimited: true,
    response: { 200: KeySet },
    handle: () => answer(200, house.signingKeys.jwks(), cached),
  }),
  endpoint({
    operation: 'userinfo.get',
    method: 'GET',
    path: '/userinfo',
    summary: 'Whom the token is for',
    permission: 'authenticated',
    response: { 200: UserInfo },
    handle: async ({ session }) => answer(200, await getUserInfo(session), { 'cache-control': 'no-store' }),
  }),
]

function configuration({ tokens, baseUrl }: House): object {
  const base = baseUrl()
  return {
    issuer: tokens.issuer,
    token_endpoint: `${base}/oauth/token`,
    userinfo_endpoint: `${base}/userinfo`,
    jwks_uri: `${base}/.well-known/jwks.json`,
    grant_types_supported: ['client_credentials', 'refresh_token'],
    response_types_supported: ['none'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  }
}
