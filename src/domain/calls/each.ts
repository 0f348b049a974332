// How a job of calls that runs for everybody goes through the organisations.
import { systemPrincipal } from '../../platform/auth/index.ts'
import type { OpenSession, Session } from '../../platform/session/index.ts'

/** What a job that runs for everybody is given. */
export interface EachOptions {
  readonly openSession: OpenSession
  /** Its attempt is over, or the worker stops: nothing more is begun. */
  readonly signal?: AbortSignal
}

/**
 * Does `work` for each organisation in a session of its own, one after the other. Where it cannot be done, the others have theirs all the
 * same. @throws why it was stopped, or what went wrong when all had their turn: the job failed, and says why @returns the sum of what `work` returns
 */
export async function forEachOrganization(
  found: readonly { readonly organizationId: number }[],
  { subject, openSession, signal, work }: EachOptions & { subject: string; work: (session: Session) => Promise<number> },
): Promise<number> {
  const failures: unknown[] = []
  let sum = 0
  for (const { organizationId } of found) {
    signal?.throwIfAborted()
    try {
      sum += await work(openSession(systemPrincipal(organizationId, subject)))
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, `${subject} failed for ${failures.length} organisations`)
  return sum
}
