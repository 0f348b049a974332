// What each role may do, and whose things it may see. Contracts name permissions; this is the one table behind them.
import { may, type Principal } from '../../platform/auth/index.ts'

const user = [
  'users:read',
  'organizations:read',
  'calls:read',
  'calls:write',
  'recordings:read',
  'voicemail:read',
  'voicemail:write',
  'availability:read',
  'availability:write',
  'blobs:read',
  'blobs:write',
  'events:read',
] as const
const supervisor = [...user, 'recordings:control'] as const
const integration = [
  ...user,
  'recordings:control',
  'calls:export',
  'appointments:read',
  'appointments:write',
  'contacts:read',
  'contacts:write',
] as const

/** `*` is everything in the organisation. */
const table: Readonly<Record<string, readonly string[]>> = { user, supervisor, integration, admin: ['*'] }

export const roleNames = ['user', 'supervisor', 'admin', 'integration'] as const
export type RoleName = (typeof roleNames)[number]

/** What only an admin has: `*` holds it, and a user's list of permissions names it. */
const adminOnly = [
  'users:write',
  'users:delete',
  'organizations:write',
  'cache:admin',
  'recordings:delete',
  'operations:read',
  'operations:write',
] as const

/** Every permission there is. */
export const everyPermission: readonly string[] = [...new Set([...Object.values(table).flat(), ...adminOnly])].filter(
  (name) => name !== '*',
)

/** Role to permissions, `*` spelled out: what a user is shown to have. */
export const roleGrants: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(table).map(([role, permissions]) => [role, permissions.includes('*') ? everyPermission : permissions]),
)

/** Unknown roles give nothing. */
export function permissionsOf(roles: readonly string[]): string[] {
  return [...new Set(roles.flatMap((role) => table[role] ?? []))]
}

/** Whose calls, recordings and voicemail a principal sees: everybody's, or their own and those they supervise. */
export interface Sight {
  readonly all: boolean
  readonly viewer: number | null
}

export function sightOf(principal: Principal): Sight {
  const all = may(principal, '*') || principal.roles.includes('integration') || principal.kind === 'key'
  return { all, viewer: principal.userId }
}
