// Lists, shows and exports calls. What a viewer may not see is not there. Pages by offset are right at any depth, pages
// by cursor are fast at any depth; a cursor carries the total that the first page counted, for who asks the same again.
import { hash } from 'node:crypto'
import { refuse, refuseField } from '../../platform/errors/index.ts'
import { isUuid } from '../../platform/ids/index.ts'
import type { RawJson, Session } from '../../platform/session/index.ts'
import type { Sight } from '../people/index.ts'
import type { CallStatus, Direction } from './call.ts'
import { type CallFilterParams, type CallSort, callExport, callPage, type ExportRow, selectCallDetail } from './list.sql.ts'

export interface CallFilter {
  readonly from?: Date | null
  readonly to?: Date | null
  readonly userId?: number | null
  readonly direction?: Direction | null
  readonly status?: CallStatus | null
  readonly agentId?: string | null
  readonly campaignId?: string | null
  readonly number?: string | null
}

export interface CallPage {
  readonly sort: CallSort
  readonly limit: number
  readonly offset: number
  /** As the page before gave it: `offset` then counts for nothing. */
  readonly cursor: string | null
  readonly baseUrl: string
}

/** `{"calls", "total", "limit", "offset", "nextCursor"}`. @throws invalid_request naming `cursor` */
export async function listCalls(session: Session, sight: Sight, filter: CallFilter, page: CallPage): Promise<RawJson> {
  const after = page.cursor === null ? null : readCursor(page.cursor, page.sort)
  const asked = filterParams(sight, filter)
  const question = questionOf(session.organizationId, asked)
  const params = {
    ...asked,
    question,
    baseUrl: inJson(page.baseUrl),
    limit: page.limit,
    offset: page.offset,
    afterKey: after?.key ?? null,
    afterId: after?.id ?? null,
    total: after?.question === question ? after.total : null,
  }
  return (await session.json(callPage(page.sort, params), params)) ?? refuse('internal')
}

/** One call with everything that is known of it. @throws call_not_found */
export async function getCall(session: Session, sight: Sight, callId: string, baseUrl: string): Promise<RawJson> {
  return (await session.json(selectCallDetail, { callId, ...sight, baseUrl: inJson(baseUrl) })) ?? refuse('call_not_found')
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Oldest first, in pages: however many there are, one page is in memory. */
export function streamCalls(session: Session, sight: Sight, filter: CallFilter, pageSize = 2000): AsyncGenerator<ExportRow[]> {
  const params = filterParams(sight, filter)
  return session.stream(callExport(params), params, pageSize)
}

const filterParams = (sight: Sight, filter: CallFilter): CallFilterParams => ({
  ...sight,
  from: filter.from ?? null,
  to: filter.to ?? null,
  userId: filter.userId ?? null,
  direction: filter.direction ?? null,
  status: filter.status ?? null,
  agentId: filter.agentId ?? null,
  campaignId: filter.campaignId ?? null,
  number: filter.number ?? null,
})

/** Who asks for what, in few letters: what was counted for another question is not believed for this one. */
const questionOf = (organizationId: number, asked: CallFilterParams): string =>
  hash('sha256', JSON.stringify([organizationId, asked]), 'base64url').slice(0, 12)

/** What `nextCursor` tells, which PostgreSQL writes with the page: `[sort, key, id, total, question]`. */
interface Cursor {
  readonly key: number
  readonly id: string
  readonly total: number
  readonly question: unknown
}

function readCursor(text: string, sort: CallSort): Cursor {
  const [sorted, key, id, total, question] = parseCursor(text)
  const whole = Number.isSafeInteger(key) && Number.isSafeInteger(total) && Number(total) >= 0
  if (!whole || typeof id !== 'string' || !isUuid(id) || sorted !== sort) {
    return refuseField('query', 'cursor', 'must be the nextCursor of an answer with the same `sort`')
  }
  return { key: Number(key), id, total: Number(total), question }
}

function parseCursor(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(value) ? value : []
  } catch {
    return [] // not one of ours, which the caller is told
  }
}
