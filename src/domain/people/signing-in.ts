// How people and programs get tokens (S1, E1). Refuses an unknown name and a wrong password in the same words and the
// same time, and slows guessing down. A sign-in is a family: its refresh tokens follow one another and end together.
import {
  type Lockout,
  type OauthClients,
  type Passwords,
  type Principal,
  type RefreshTokens,
  systemPrincipal,
  type Tokens,
} from '../../platform/auth/index.ts'
import type { Caches } from '../../platform/cache/index.ts'
import type { Database } from '../../platform/db/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { Standing } from '../tenancy/index.ts'
import { permissionsOf } from './roles.ts'
import { findLogin, type LoginRow, noteLogin, selectUser } from './user.sql.ts'
import { dropUser } from './user-cache.ts'

/** What a client's token lives; people's live `accessTokenMinutes`. */
const clientTokenS = 24 * 3600

export interface SigningInServices {
  readonly database: Database
  readonly caches: Caches
  readonly tokens: Tokens
  readonly passwords: Passwords
  readonly lockout: Lockout
  readonly oauthClients: OauthClients
  readonly refreshTokens: RefreshTokens
  readonly standing: Standing
  readonly settings: { readonly accessTokenMinutes: number; readonly passwordSignIn: boolean }
  /** A session in the organisation that the credential turned out to belong to. */
  readonly openSession: (principal: Principal, requestId: string | null) => Session
}

export interface SignedIn {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresInS: number
}

const signInElsewhere = 'Passwords are not taken here: sign in where this server’s operator trusts tokens from.'

/**
 * `login`: a user name, one with its organisation's domain (`admin@acme.example`), or an e-mail address; in any case.
 * `session` is nobody's yet. @throws invalid_credentials, locked_out
 */
export async function signIn(session: Session, services: SigningInServices, login: string, password: string): Promise<SignedIn> {
  const { database, lockout, passwords, settings } = services
  if (!settings.passwordSignIn) refuse('invalid_credentials', { message: signInElsewhere })
  const rows = (await database.read(null, findLogin, { login })) as LoginRow[]
  // A name that several organisations know is counted as typed: failures against one person lock nobody else's.
  const found = rows.length === 1 ? rows[0] : undefined
  const name = found ? `user:${found.organizationId}:${found.id}` : `login:${login.toLowerCase()}`
  await lockout.check(name)
  const user = await passwords.attempt(async (verify) => {
    await lockout.check(name)
    const right = await rightOne(rows, (hash) => verify(hash, password))
    if (!right) await lockout.fail(name)
    return right
  })
  if (!user) {
    session.log.warn({ event: 'sign_in_failed', userId: found?.id ?? null }, 'a sign-in failed')
    return refuse('invalid_credentials')
  }
  await lockout.succeed(name)
  return begin(services, session.requestId, user)
}

/**
 * The same name may exist in several organisations; the password tells them apart. Every hash is verified, whichever is
 * right, and one when there is none: how long it takes says nothing about the password.
 */
async function rightOne(rows: readonly LoginRow[], verify: (hash: string | null) => Promise<boolean>): Promise<LoginRow | null> {
  if (rows.length === 0) await verify(null)
  let right: LoginRow | null = null
  for (const row of rows) if (await verify(row.passwordHash)) right ??= row
  return right
}

const firstPasswordIsOver = 'This first password was not changed in time. An admin gives a new one.'

async function begin(services: SigningInServices, requestId: string | null, user: LoginRow): Promise<SignedIn> {
  const session = services.openSession(userPrincipal(user), requestId)
  const family = uuidv7(session.now())
  const subject = `user:${user.id}`
  const refreshToken = await session.write(async (tx) => {
    if (!(await tx.read(noteLogin, { id: user.id, at: tx.now() }))) refuse('invalid_credentials', { message: firstPasswordIsOver })
    tx.emit('user.signed_in', { userId: user.id }, { resource: subject, users: [user.id], feed: false })
    await dropUser(tx, services.caches, user.id)
    return services.refreshTokens.issue(tx, subject, family)
  })
  return { refreshToken, ...(await accessToken(services, user, family)) }
}

/** `by` is the client that presents it, where one signed in too. @throws invalid_grant */
export async function refreshSignIn(
  session: Session,
  services: SigningInServices,
  token: string,
  by: { readonly organizationId: number } | null = null,
): Promise<SignedIn> {
  const found = await services.refreshTokens.find(token)
  if (by && by.organizationId !== found.organizationId) refuse('invalid_grant')
  if (!services.settings.passwordSignIn) refuse('invalid_grant', { message: signInElsewhere })
  // Before the exchange: the token is good again when the organisation is.
  if (!(await services.standing.isActive(found.organizationId))) refuse('invalid_grant')
  const inside = services.openSession(systemPrincipal(found.organizationId, found.subject), session.requestId)
  // What may fail comes before the exchange, for after it the token is used up: whoever got no answer would be signed out.
  const user = await inside.read(selectUser, { id: Number(found.subject.split(':')[1]) })
  if (user?.status !== 'active') return refuse('invalid_grant')
  const { grant, next } = await services.refreshTokens.exchange(inside, token)
  return { refreshToken: next, ...(await accessToken(services, { ...user, organizationId: found.organizationId }, grant.family)) }
}

/** Ends the sign-in that the caller's token descends from, and that of the refresh token given, if it is the caller's. */
export async function signOut(
  session: Session,
  { refreshTokens }: Pick<SigningInServices, 'refreshTokens'>,
  token: string | null,
): Promise<void> {
  const { signIn: own, subject } = session.principal
  const families = new Set(own ? [own] : [])
  if (token !== null) {
    const grant = await refreshTokens.find(token)
    if (grant.organizationId !== session.organizationId || grant.subject !== subject) refuse('invalid_grant')
    families.add(grant.family)
  }
  await refreshTokens.end(session, [...families])
}

/** @throws invalid_client, locked_out */
export async function signInClient(
  session: Session,
  services: SigningInServices,
  id: string,
  secret: string,
): Promise<{ accessToken: string; expiresInS: number }> {
  const client = await services.oauthClients.verify(id, secret).catch((error: unknown) => {
    session.log.warn({ event: 'client_sign_in_failed', client: id.slice(0, 64) }, 'a client could not sign in')
    throw error
  })
  if (!(await services.standing.isActive(client.organizationId))) refuse('invalid_client')
  session.log.info({ event: 'client_signed_in', client: id, organizationId: client.organizationId }, 'a client signed in')
  const claims = { subject: `client:${id}`, organizationId: client.organizationId, roles: client.roles }
  return { accessToken: await services.tokens.issue(claims, clientTokenS), expiresInS: clientTokenS }
}

async function accessToken(
  { tokens, settings }: SigningInServices,
  user: Pick<LoginRow, 'id' | 'organizationId' | 'roles' | 'permissions'>,
  family: string,
): Promise<{ accessToken: string; expiresInS: number }> {
  const expiresInS = settings.accessTokenMinutes * 60
  const { id, organizationId, roles, permissions } = user
  const extra = { sid: family }
  const claims = { subject: `user:${id}`, organizationId, roles, ...(permissions.length > 0 ? { permissions } : {}), extra }
  return { accessToken: await tokens.issue(claims, expiresInS), expiresInS }
}

function userPrincipal({ id, organizationId, roles, permissions }: LoginRow): Principal {
  const subject = `user:${id}`
  const all = new Set([...permissionsOf(roles), ...permissions])
  return { kind: 'user', subject, organizationId, userId: id, roles, permissions: all, account: null, credential: subject }
}
