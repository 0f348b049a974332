// {detail, error_code, timestamp, correlation_id}; validation is 422 with detail [{loc, msg, type}].
import type { Problem, Refusal } from '../../platform/errors/index.ts'
import { type ErrorContext, type RenderedError, statusOf } from '../../platform/http/index.ts'
import { wireTime } from '../../platform/time/index.ts'

const codes: Partial<Record<Refusal['code'], string>> = {
  invalid_request: 'VALIDATION_ERROR',
  malformed_body: 'VALIDATION_ERROR',
  missing_token: 'INVALID_API_KEY',
}

export function renderError(refusal: Refusal, context: ErrorContext): RenderedError {
  if (refusal.code === 'circuit_open') return renderOpenCircuit(refusal, context)
  const { requestId, at } = context
  const shape = refusal.code === 'invalid_request' || refusal.code === 'malformed_body'
  return {
    status: shape ? 422 : statusOf[refusal.kind],
    body: {
      detail: shape ? locate(refusal) : refusal.message,
      error_code: codes[refusal.code] ?? refusal.code.toUpperCase(),
      timestamp: wireTime(at),
      correlation_id: requestId,
      ...refusal.details.extra,
    },
  }
}

/** The seed's own words, and its name for how long to wait. */
function renderOpenCircuit({ kind, message, details }: Refusal, { requestId, at }: ErrorContext): RenderedError {
  const { service, retryAfter } = details.extra ?? {}
  return {
    status: statusOf[kind],
    body: {
      detail: service === undefined ? message : `Service '${String(service)}' is currently unavailable`,
      error_code: 'CIRCUIT_BREAKER_OPEN',
      retry_after: retryAfter,
      timestamp: wireTime(at),
      correlation_id: requestId,
    },
  }
}

function locate(refusal: Refusal): object[] {
  const { problems } = refusal.details
  if (problems) return problems.map(toDetail)
  const type = refusal.code === 'malformed_body' ? 'value_error.jsondecode' : 'value_error'
  return [{ loc: ['body'], msg: refusal.message, type }]
}

function toDetail(problem: Problem): object {
  const { in: where, path, rule, message, params } = problem
  return { loc: [where, ...path], msg: rule === 'required' ? 'field required' : message, type: typeOf(rule, params) }
}

/** The seed's vocabulary for what is wrong, from the validator's keyword. */
function typeOf(rule: string, params: Problem['params']): string {
  switch (rule) {
    case 'required':
      return 'value_error.missing'
    case 'type':
      return `type_error.${String(params?.type)}`
    case 'enum':
      return 'type_error.enum'
    case 'format':
      return params?.format === 'date-time' ? 'value_error.datetime' : `value_error.${String(params?.format)}`
    case 'minimum':
    case 'exclusiveMinimum':
      return 'value_error.number.not_ge'
    case 'maximum':
    case 'exclusiveMaximum':
      return 'value_error.number.not_le'
    case 'minLength':
      return 'value_error.any_str.min_length'
    case 'maxLength':
      return 'value_error.any_str.max_length'
    case 'additionalProperties':
      return 'value_error.extra'
    default:
      return `value_error.${rule}`
  }
}

export const errorSchema = {
  type: 'object',
  required: ['detail', 'error_code', 'timestamp', 'correlation_id'],
  properties: {
    detail: {
      anyOf: [
        { type: 'string' },
        {
          type: 'array',
          items: {
            type: 'object',
            required: ['loc', 'msg', 'type'],
            properties: { loc: { type: 'array', items: {} }, msg: { type: 'string' }, type: { type: 'string' } },
          },
        },
      ],
    },
    error_code: { type: 'string' },
    timestamp: { type: 'string', format: 'date-time' },
    correlation_id: { type: 'string' },
    retry_after: { type: 'integer' },
    alternatives: { type: 'array', items: { type: 'object' } },
  },
}
