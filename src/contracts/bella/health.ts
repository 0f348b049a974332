// Seed 004, "Health Check Endpoints": alive, and able to work.
import { Type } from 'typebox'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'

const open = { method: 'GET', permission: 'public', unlimited: true, tags: ['Health'] } as const
const Database = Type.Object({ db: Type.Enum(['ok', 'error']) })

export const health = ({ database, log }: House): AnyEndpoint[] => [
  endpoint({
    ...open,
    operation: 'health.live',
    path: '/healthz',
    summary: 'The process answers',
    response: { 200: Type.Object({ ok: Type.Boolean() }) },
    handle: () => ({ ok: true }),
  }),
  endpoint({
    ...open,
    operation: 'health.ready',
    path: '/readyz',
    summary: 'The database answers',
    response: { 200: Database, 503: Database },
    handle: async () => {
      try {
        await database.ping()
        return { db: 'ok' }
      } catch (error) {
        log.debug({ err: error }, 'not ready: the database does not answer') // the database itself tells of an outage, once
        return answer(503, { db: 'error' })
      }
    },
  }),
]
