import { statement } from '../db/index.ts'

export const forgetAnswers = statement<{ olderThan: Date }, { forgotten: number }>(
  'maintenance_forget_answers',
  `SELECT platform.forget_answers(:olderThan) AS forgotten`,
)
export const extendPartitions = statement<object, never>('maintenance_extend_partitions', `SELECT platform.extend_partitions()`)
