// Keeps what lists show of calls that are over as text, so that a page is read and not written anew (docs/decisions/0045).
import type { Session } from '../../platform/session/index.ts'
import { type EachOptions, forEachOrganization } from './each.ts'
import { atOnce, lockUnwritten, selectOrganizationsWithUnwrittenCalls, writeTexts } from './prewrite.sql.ts'

/** Callbacks and bills come for a while after the end, and each takes the text away again. */
const quietForMs = 60_000
/** Of one organisation, and of all: history that another version wrote is done over hours, beside everything else. */
const mostInARun = { ofOne: 10_000, ofAll: 50_000 }

/** @returns how many were written */
export async function prewriteCalls(session: Session, options: EachOptions, most = mostInARun): Promise<number> {
  const quietSince = new Date(session.now().getTime() - quietForMs)
  const found = await session.list(selectOrganizationsWithUnwrittenCalls, { quietSince })
  let left = most.ofAll
  const work = async (inside: Session) => {
    const written = await prewriteOrganization(inside, quietSince, Math.min(left, most.ofOne), options.signal)
    left -= written
    return written
  }
  return forEachOrganization(found, { ...options, subject: 'job:calls.prewrite', work })
}

async function prewriteOrganization(session: Session, quietSince: Date, most: number, signal?: AbortSignal): Promise<number> {
  for (let written = 0; ; ) {
    signal?.throwIfAborted()
    if (written >= most) return written
    const some = await prewriteSome(session, quietSince)
    written += some
    if (some < atOnce) return written
  }
}

/** Held by one statement and written by the next, which sees all that was changed before they were held. */
function prewriteSome(session: Session, quietSince: Date): Promise<number> {
  return session.write(async (tx) => {
    const ids = (await tx.list(lockUnwritten, { quietSince })).map(({ id }) => id)
    if (ids.length > 0) tx.later(writeTexts, { ids })
    return ids.length
  })
}
