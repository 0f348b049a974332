import { statement } from '../../platform/db/index.ts'

export const selectSupervised = statement<{ viewer: number }, { userId: number }>(
  'sight_supervised',
  `SELECT DISTINCT user_id AS "userId" FROM people.supervision WHERE organization_id = :organizationId AND supervisor_id = :viewer::bigint`,
)
