// Every job there is, with what each needs; the worker runs these and no others.
import type { Job } from '../platform/jobs/index.ts'

export interface JobServices {
  readonly placeholder?: never
}

export const jobs = (_services: object): Job[] => []
