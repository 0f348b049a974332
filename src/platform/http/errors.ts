// Turns whatever went wrong into a refusal, and a refusal into its contract's words.

import type { Principal } from '../auth/principal.ts'
import { Refusal } from '../errors/index.ts'
import type { Limiter } from '../limits/index.ts'
import type { Log, Session } from '../session/index.ts'
import type { Tracing } from '../telemetry/index.ts'
import type { Clock } from '../time/index.ts'
import type { Contract, RenderedError } from './contract.ts'
import type { RequestFacts } from './endpoint.ts'

/** What the pipeline needs of the house. */
export interface Kitchen {
  readonly clock: Clock
  readonly log: Log
  readonly limiter: Limiter
  readonly publicUrl: string | null
  readonly nobody: Principal
  readonly openSession: (principal: Principal, facts: RequestFacts) => Session
  readonly draining: () => boolean
  readonly tracing: Pick<Tracing, 'span'>
}

type Dialect = Pick<Contract, 'renderError'>

export function renderRefusal(kitchen: Pick<Kitchen, 'clock'>, dialect: Dialect, requestId: string, refusal: Refusal): RenderedError {
  const rendered = dialect.renderError(refusal, { requestId, at: kitchen.clock.now() })
  return { ...rendered, headers: { ...refusal.details.headers, ...rendered.headers } }
}

/** Errors of the HTTP framework, by its own codes. */
const framework: Readonly<Record<string, ConstructorParameters<typeof Refusal>[0]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_body',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_body',
  FST_ERR_BAD_URL: 'route_not_found',
  FST_ERR_INVALID_URL: 'route_not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'route_not_found',
  FST_ERR_ASYNC_CONSTRAINT: 'route_not_found',
  FST_ERR_NOT_FOUND: 'route_not_found',
  FST_ERR_MAX_LIMIT: 'overloaded',
}

export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { code, constraint, statusCode = 500 } = error as { code?: string; constraint?: string; statusCode?: number }
  const known = code ? framework[code] : undefined
  if (known) return new Refusal(known, { cause: error })
  if (code?.startsWith('FST_') && statusCode >= 400 && statusCode < 500) return new Refusal('invalid_request', { cause: error })
  // SQLSTATE class 22: a value that PostgreSQL cannot hold and that no schema foresaw.
  if (code && /^22[0-9A-Z]{3}$/.test(code)) return new Refusal('invalid_request', { cause: error })
  // A token of an issuer that knows an organisation which is not here.
  if (code === '23503' && constraint?.endsWith('_organization_id_fkey')) return new Refusal('organization_not_found', { cause: error })
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return new Refusal('upload_incomplete', { cause: error })
  return new Refusal('internal', { cause: error })
}
