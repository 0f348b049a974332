// Which events somebody may hear: those of things they may read, and, who does not see the whole organisation, those
// that are about themselves or about people they supervise.
import { supervisedBy } from '../../domain/calls/index.ts'
import { sightOf } from '../../domain/people/index.ts'
import { may, type Principal } from '../../platform/auth/index.ts'
import { refuseField } from '../../platform/errors/index.ts'
import type { FeedEvent } from '../../platform/events/index.ts'
import type { Session } from '../../platform/session/index.ts'

/** The permission that reading the thing itself takes. What is not named here is for those who may do everything. */
const permissions: Readonly<Record<string, string>> = {
  call: 'calls:read',
  recording: 'recordings:read',
  voicemail: 'voicemail:read',
  blob: 'blobs:read',
  availability: 'availability:read',
  user: 'users:read',
  organization: 'organizations:read',
  appointment: 'appointments:read',
  contact: 'contacts:read',
}

export type Types = readonly { readonly prefix: string; readonly exact: boolean }[]

/** `call.*,availability.changed`; empty for everything. @throws invalid_request naming `types` */
export function readTypes(text: string | undefined): Types {
  const names = (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return names.flatMap((name) => {
    if (name === '*') return [{ prefix: '', exact: false }]
    if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?$/.test(name))
      refuseField('query', 'types', 'must be names such as call.* or call.completed')
    return [name.endsWith('.*') ? { prefix: name.slice(0, -1), exact: false } : { prefix: name, exact: true }]
  })
}

const isWanted = (types: Types, type: string): boolean =>
  types.length === 0 || types.some(({ prefix, exact }) => (exact ? type === prefix : type.startsWith(prefix)))

/** Who hears what. */
export interface Audience {
  readonly hears: (event: FeedEvent) => boolean
  /** The same for all who hear exactly the same; null where that depends on the person. */
  readonly crowd: string | null
}

export async function audienceOf(session: Session, principal: Principal, types: Types): Promise<Audience> {
  const { all, viewer } = sightOf(principal)
  const watched = new Set(all || viewer === null ? [] : [viewer, ...(await supervisedBy(session, viewer))])
  const subjects = new Set(Object.keys(permissions).filter((subject) => may(principal, permissions[subject] ?? '*')))
  const everything = may(principal, '*')
  return {
    hears({ type, userIds }) {
      if (!isWanted(types, type)) return false
      const subject = type.split('.')[0] ?? ''
      if (!(Object.hasOwn(permissions, subject) ? subjects.has(subject) : everything)) return false
      return all || userIds.some((userId) => watched.has(userId))
    },
    crowd: all ? JSON.stringify([everything, [...subjects], types]) : null,
  }
}
