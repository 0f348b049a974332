// S1. Tokens for programs, and fresh ones for people who signed in at /api/v1/auth/login. Answers and refusals are those
// of RFC 6749 (5.1, 5.2), not sapien's, so that every OAuth library understands them.
import { Type } from 'typebox'
import { refreshSignIn, signInClient } from '../../domain/people/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint, type RequestFacts } from '../../platform/http/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { House } from '../house.ts'
import { renderOauthError } from './oauth-errors.ts'

const Text = Type.String({ minLength: 1, maxLength: 2048 })
const Request = Type.Object({
  grant_type: Text,
  client_id: Type.Optional(Text),
  client_secret: Type.Optional(Text),
  audience: Type.Optional(Text),
  refresh_token: Type.Optional(Text),
})
type Asked = { grant_type: string; client_id?: string; client_secret?: string; audience?: string; refresh_token?: string }
const Granted = Type.Object({
  access_token: Type.String(),
  token_type: Type.String(),
  expires_in: Type.Integer(),
  refresh_token: Type.Optional(Type.String()),
})
const asked = { client_id: '…', client_secret: '…', audience: 'https://sapien.natterbox.com', grant_type: 'client_credentials' }
const neverStored = { 'cache-control': 'no-store', pragma: 'no-cache' }

export const oauth = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'oauth.token',
    method: 'POST',
    path: '/oauth/token',
    summary: 'Exchange a client’s credentials, or a refresh token, for an access token',
    description:
      'Credentials come in the body or as HTTP Basic, not both. `client_credentials` gives a token for a day; `refresh_token` takes the token of a sign-in, once, and gives the next.',
    permission: 'public',
    accepts: ['json', 'form'],
    bodyLimit: 16_384,
    body: Request,
    response: { 200: Granted },
    renderError: renderOauthError,
    errors: ['invalid_client', 'invalid_grant', 'unsupported_grant_type', 'locked_out'],
    examples: [{ title: 'Credentials that nobody has', body: asked, status: 401 }],
    handle: async ({ session, body, request }) => answer(200, await grant(house, session, body, request), neverStored),
  }),
]

async function grant(house: House, session: Session, body: Asked, request: RequestFacts): Promise<object> {
  refuseRepeats(request)
  const client = readClient(body, request)
  if (body.audience !== undefined && body.audience !== house.tokens.audience) {
    refuse('invalid_request', { message: `The audience is not one that tokens are issued for here: ${house.tokens.audience}.` })
  }
  switch (body.grant_type) {
    case 'client_credentials': {
      if (!client) return refuse('invalid_client', { message: 'The client must sign in: with HTTP Basic, or client_id and client_secret.' })
      const { accessToken, expiresInS } = await signInClient(session, house, client.id, client.secret)
      return { access_token: accessToken, token_type: 'Bearer', expires_in: expiresInS }
    }
    case 'refresh_token': {
      if (!body.refresh_token) return refuse('invalid_request', { message: 'refresh_token is missing.' })
      const by = client ? await house.oauthClients.verify(client.id, client.secret) : null
      const { accessToken, refreshToken, expiresInS } = await refreshSignIn(session, house, body.refresh_token, by)
      return { access_token: accessToken, token_type: 'Bearer', expires_in: expiresInS, refresh_token: refreshToken }
    }
    default:
      return refuse('unsupported_grant_type')
  }
}

/** RFC 6749, 3.2: no parameter twice; 2.3.1: none of the secrets in the address, where logs would keep them. */
function refuseRepeats({ form, url }: RequestFacts): void {
  const names = form.map(([name]) => name)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated) refuse('invalid_request', { message: 'A parameter is given more than once.' })
  const query = new URLSearchParams(url.split('?')[1] ?? '')
  if (query.has('client_secret') || query.has('refresh_token')) {
    refuse('invalid_request', { message: 'Credentials belong into the body, not into the address.' })
  }
}

interface Credentials {
  readonly id: string
  readonly secret: string
}

/** @throws invalid_request for two ways at once, invalid_client for a header that is not Basic */
function readClient({ client_id: id, client_secret: secret }: Asked, { headers }: RequestFacts): Credentials | null {
  const basic = headers.authorization === undefined ? null : readBasic(String(headers.authorization))
  if (basic && secret !== undefined) refuse('invalid_request', { message: 'Sign in with HTTP Basic or in the body, not both.' })
  if (basic && id !== undefined && id !== basic.id) refuse('invalid_request', { message: 'client_id is not the one of HTTP Basic.' })
  if (basic) return basic
  if (secret !== undefined && id === undefined) return refuse('invalid_request', { message: 'client_id is missing.' })
  return id !== undefined && secret !== undefined ? { id, secret } : null
}

/** RFC 6749, 2.3.1: both halves are form-encoded before they are joined. */
function readBasic(header: string): Credentials {
  const encoded = /^Basic +([A-Za-z0-9+/_=-]+)$/i.exec(header)?.[1]
  const text = encoded ? Buffer.from(encoded, 'base64').toString('utf8') : ''
  const colon = text.indexOf(':')
  if (colon < 1) return refuse('invalid_client', { message: 'The Authorization header is not HTTP Basic.' })
  return { id: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) }
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    return refuse('invalid_client', { cause: error })
  }
}
