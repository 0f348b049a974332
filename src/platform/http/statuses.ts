// From a refusal's kind to its HTTP status; a contract overrides what its seed says otherwise.
import type { Kind } from '../errors/index.ts'

export const statusOf: Readonly<Record<Kind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  payment: 402,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported_media: 415,
  range: 416,
  rule: 422,
  limited: 429,
  internal: 500,
  provider: 502,
  unavailable: 503,
  over_quota: 507,
}
