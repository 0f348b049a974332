// Keeps what lists show of calls that are over as text, so that a page is read and not written anew (docs/decisions/0045).
import type { OpenSession, Session } from '../../platform/session/index.ts'
import { forEachOrganization } from './each.ts'
import { atOnce, lockUnwritten, selectOrganizationsWithUnwrittenCalls, writeTexts } from './prewrite.sql.ts'

/** Callbacks and bills come for a while after the end, and each takes the text away again. */
const quietForMs = 60_000
/** How often in one run: history that another version wrote is done over hours, beside everything else. */
const mostTimes = 50

/** @returns how many were written */
export async function prewriteCalls(session: Session, { openSession }: { openSession: OpenSession }): Promise<number> {
  const quietSince = new Date(session.now().getTime() - quietForMs)
  const found = await session.list(selectOrganizationsWithUnwrittenCalls, { quietSince })
  const work = (inside: Session) => prewriteOrganization(inside, quietSince)
  return forEachOrganization(found, { subject: 'job:calls.prewrite', openSession, work })
}

async function prewriteOrganization(session: Session, quietSince: Date): Promise<number> {
  let written = 0
  for (let time = 0; time < mostTimes; time++) {
    const done = await prewriteSome(session, quietSince)
    written += done
    if (done < atOnce) break
  }
  return written
}

/** Held by one statement and written by the next, which sees all that was changed before they were held. */
function prewriteSome(session: Session, quietSince: Date): Promise<number> {
  return session.write(async (tx) => {
    const ids = (await tx.list(lockUnwritten, { quietSince })).map(({ id }) => id)
    if (ids.length > 0) tx.later(writeTexts, { ids })
    return ids.length
  })
}
