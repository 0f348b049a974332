// Who is calling, whatever the credential was (P4). Each contract applies its own rule to this one shape.

export interface Principal {
  readonly kind: 'user' | 'client' | 'key' | 'provider' | 'system'
  /** `user:12345`, `client:…`, `key:…`: what audit entries and limits name. */
  readonly subject: string
  readonly organizationId: number
  readonly userId: number | null
  readonly roles: readonly string[]
  /** `resource:action`; `*` is everything in the organisation. */
  readonly permissions: ReadonlySet<string>
  /** Gobi's `acct`. */
  readonly account: string | null
  /** The sign-in that a token descends from; it ends with it. */
  readonly signIn?: string
  /** The token it came with, for what outlasts a request; instants in seconds since 1970. */
  readonly proof?: TokenProof
  /** What limits and idempotency keys count by: one credential, however often it is presented. */
  readonly credential: string
}

export interface TokenProof {
  readonly issuer: string
  readonly kid: string | null
  readonly issuedAt: number
  readonly expiresAt: number
}

export function may(principal: Principal, permission: string): boolean {
  return principal.permissions.has(permission) || principal.permissions.has('*')
}

/** The server itself, working for one organisation: jobs, provider webhooks, commands. */
export function systemPrincipal(organizationId: number, subject: string, kind: 'system' | 'provider' = 'system'): Principal {
  return {
    kind,
    subject,
    organizationId,
    userId: null,
    roles: [],
    permissions: new Set(['*']),
    account: null,
    credential: subject,
  }
}
