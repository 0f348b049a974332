// What may be used once, in whichever process: using it is a row, and the row is there or it is not.
import type { Session } from '../session/index.ts'
import { insertUse } from './tickets.sql.ts'

/** @returns false when it was used before. @param expires from when on nobody accepts it any more, used or not */
export async function redeem(session: Session, id: string, expires: Date): Promise<boolean> {
  return (await session.read(insertUse, { id, expires, now: session.now() })) !== null
}
