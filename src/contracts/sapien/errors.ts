// S3: {"error": {"code", "message", "details", "requestId"}}.
import type { Problem, Refusal } from '../../platform/errors/index.ts'
import { type ErrorContext, type RenderedError, statusOf } from '../../platform/http/index.ts'
import { challenge } from '../bearer.ts'

const fieldOf = ({ path, in: where }: Problem): string => (path.length > 0 ? path.join('.') : where)

export function renderError(refusal: Refusal, { requestId }: ErrorContext): RenderedError {
  const { problems, extra } = refusal.details
  const details = problems ? problems.map((problem) => ({ field: fieldOf(problem), message: problem.message })) : (extra ?? null)
  return {
    status: statusOf[refusal.kind],
    body: { error: { code: refusal.code, message: refusal.message, details, requestId } },
    headers: challenge(refusal),
  }
}

export const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details', 'requestId'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        details: {
          anyOf: [
            { type: 'array', items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } } },
            { type: 'object' },
            { type: 'null' },
          ],
        },
        requestId: { type: 'string' },
      },
    },
  },
}
