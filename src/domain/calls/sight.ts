// Whether one person's calls, recordings and voicemail are another's to see.
import type { Session } from '../../platform/session/index.ts'
import type { Sight } from '../people/index.ts'
import { selectSupervised } from './sight.sql.ts'

/** Whether a viewer sees what belongs to `userId`; what belongs to nobody is for those who see everything. */
export async function watches(session: Session, { all, viewer }: Sight, userId: number | null): Promise<boolean> {
  if (all || (viewer !== null && viewer === userId)) return true
  if (viewer === null || userId === null) return false
  return (await supervisedBy(session, viewer)).includes(userId)
}

/** Whom somebody supervises. */
export async function supervisedBy(session: Session, viewer: number): Promise<number[]> {
  return (await session.list(selectSupervised, { viewer })).map(({ userId }) => userId)
}
