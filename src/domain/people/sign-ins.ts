// Where somebody is signed in, shown to themselves, and ended by themselves: a device that was lost, a desk that was left. Whoever ends
// another sign-in has signed in lately, so that a stolen token cannot shut its owner out.
import type { RefreshTokens } from '../../platform/auth/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { madeAt } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { isStale } from './proof.ts'

interface Services {
  readonly refreshTokens: RefreshTokens
}

export interface SignIn {
  readonly id: string
  readonly startedAt: Date
  /** When it last got an access token. */
  readonly usedAt: Date
  /** When it ends if it is not used. */
  readonly expiresAt: Date
  /** Whether the token that asks comes from it. */
  readonly current: boolean
}

/** One's own, that used last first, a hundred at most. */
export async function listSignIns(session: Session, { refreshTokens }: Services): Promise<SignIn[]> {
  const { subject, signIn } = session.principal
  const rows = await refreshTokens.list(session, subject)
  return rows.map(({ family: id, usedAt, expiresAt }) => ({
    id,
    startedAt: new Date(madeAt(id)),
    usedAt,
    expiresAt,
    current: id === signIn,
  }))
}

/** @throws sign_in_not_found, for other people's too; permission_denied */
export async function endSignIn(session: Session, services: Services, id: string): Promise<void> {
  const { subject, signIn } = session.principal
  const [{ family } = refuse('sign_in_not_found')] = await services.refreshTokens.list(session, subject, { only: id })
  if (family !== signIn) mustBeFresh(session)
  await services.refreshTokens.end(session, [family])
}

/** All but the one that asks. @throws permission_denied */
export async function endOtherSignIns(session: Session, { refreshTokens }: Services): Promise<void> {
  mustBeFresh(session)
  const { subject, signIn = null } = session.principal
  const others = async () => (await refreshTokens.list(session, subject, { but: signIn })).map(({ family }) => family)
  // A hundred in one change: who stops in the middle goes on with the rest.
  for (let families = await others(); families.length > 0; families = await others()) await refreshTokens.end(session, families)
}

function mustBeFresh(session: Session): void {
  if (isStale(session)) refuse('permission_denied', { message: 'Ending other sign-ins takes one of the last ten minutes: sign in again.' })
}
