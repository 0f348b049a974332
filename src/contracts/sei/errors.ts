// {"error": {"code", "message", "details", "request_id"}}; codes in capitals, validation is 422.
import type { Refusal } from '../../platform/errors/index.ts'
import { type ErrorContext, type RenderedError, statusOf } from '../../platform/http/index.ts'
import { challenge } from '../bearer.ts'

const codes: Partial<Record<Refusal['code'], string>> = { invalid_request: 'VALIDATION_ERROR', malformed_body: 'BAD_REQUEST' }

export function renderError(refusal: Refusal, { requestId }: ErrorContext): RenderedError {
  const { problems } = refusal.details
  const details = (problems ?? []).map(({ path, in: where, message }) => ({ field: path.join('.') || where, message }))
  return {
    status: refusal.code === 'invalid_request' ? 422 : statusOf[refusal.kind],
    body: { error: { code: codes[refusal.code] ?? refusal.code.toUpperCase(), message: refusal.message, details, request_id: requestId } },
    headers: challenge(refusal),
  }
}

export const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details', 'request_id'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        details: { type: 'array', items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } } },
        request_id: { type: 'string' },
      },
    },
  },
}
