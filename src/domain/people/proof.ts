// Proving again who one is, for what a stolen token must not do: by the present password, or by having signed in a moment ago.
import type { Lockout, Passwords } from '../../platform/auth/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { madeAt } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { selectUser } from './user.sql.ts'

export interface ProofServices {
  readonly passwords: Passwords
  readonly lockout: Lockout
}

const freshMs = 10 * 60_000

/** Whether it is a while since the caller signed in. Of a token that comes from no sign-in here, its issuer decides. */
export function isStale(session: Session): boolean {
  const { signIn } = session.principal
  return signIn !== undefined && session.now().getTime() - madeAt(signIn) > freshMs
}

/**
 * A token may be stolen; the password is known to its owner. Guesses count as those of a sign-in do.
 * @throws permission_denied, locked_out
 */
export async function proveOneself(
  session: Session,
  { passwords, lockout }: ProofServices,
  id: number,
  given: string | undefined,
  message: string,
): Promise<void> {
  const { passwordHash } = (await session.read(selectUser, { id })) ?? refuse('user_not_found')
  const name = `user:${session.organizationId}:${id}`
  const proven = await passwords.attempt(async (verify) => {
    await lockout.check(name)
    if (given === undefined) return false
    const right = await verify(passwordHash, given)
    if (!right) await lockout.fail(name)
    return right
  })
  if (!proven) refuse('permission_denied', { message })
}
