// Tickets for clients that cannot send a header: who they are, for one minute, sealed so that nobody can read or make one.
import type { Principal } from '../../platform/auth/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import type { Vault } from '../../platform/secrets/index.ts'

export const ticketS = 60
const purpose = 'event ticket'

export function sealTicket(vault: Vault, principal: Principal, now: Date): string {
  const claims = { ...principal, permissions: [...principal.permissions], expires: now.getTime() + ticketS * 1000 }
  return Buffer.from(vault.seal(JSON.stringify(claims), purpose)).toString('base64url')
}

/** @throws invalid_token, token_expired */
export function openTicket(vault: Vault, ticket: string, now: Date): Principal {
  const { expires, permissions, ...principal } = read(vault, ticket)
  if (expires <= now.getTime()) refuse('token_expired')
  return { ...principal, permissions: new Set(permissions) }
}

type Claims = Omit<Principal, 'permissions'> & { permissions: string[]; expires: number }

function read(vault: Vault, ticket: string): Claims {
  try {
    return JSON.parse(vault.open(Buffer.from(ticket, 'base64url').toString('utf8'), purpose)) as Claims // sealed by us alone
  } catch (error) {
    return refuse('invalid_token', { cause: error })
  }
}
