// RFC 6749, 5.2: {"error", "error_description"}, with the standard's own codes.
import type { Refusal } from '../../platform/errors/index.ts'
import { type ErrorContext, type RenderedError, statusOf } from '../../platform/http/index.ts'

const codes: Partial<Record<Refusal['code'], string>> = {
  invalid_client: 'invalid_client',
  invalid_grant: 'invalid_grant',
  unsupported_grant_type: 'unsupported_grant_type',
  locked_out: 'too_many_attempts',
  rate_limited: 'too_many_requests',
}

export function renderOauthError(refusal: Refusal, { requestId }: ErrorContext): RenderedError {
  const status = statusOf[refusal.kind]
  const error = codes[refusal.code] ?? (status < 500 ? 'invalid_request' : status === 503 ? 'temporarily_unavailable' : 'server_error')
  return {
    status,
    body: { error, error_description: describe(refusal), request_id: requestId },
    headers: {
      'cache-control': 'no-store',
      pragma: 'no-cache',
      ...(refusal.code === 'invalid_client' ? { 'www-authenticate': 'Basic realm="patchbay", charset="UTF-8"' } : {}),
    },
  }
}

/** The standard allows printable ASCII without quotes and backslashes. */
function describe({ message, details }: Refusal): string {
  const fields = (details.problems ?? []).map((problem) => `${problem.path.join('.') || problem.in} ${problem.message}`)
  return [message, ...fields].join(' ').replace(/[^\x20-\x7e]|["\\]/g, "'")
}
