// Checks a request's values against an endpoint's schemas and says, per field, what would be right.
// Query and path values are text on the wire and are converted; a body must have its types already.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormatsModule from 'ajv-formats'
import type { TSchema } from 'typebox'
import { type Problem, refuse } from '../errors/index.ts'

const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void
const common = { allErrors: true, useDefaults: true, strict: false, verbose: false, messages: true } as const
const bodies = new Ajv({ ...common })
const texts = new Ajv({ ...common, coerceTypes: 'array' })
addFormats(bodies)
addFormats(texts)

export type Check = (value: unknown) => readonly Problem[]

/** Compiles a schema once; the check converts and fills defaults in place. */
export function compileCheck(schema: TSchema, where: Problem['in']): Check {
  const validate: ValidateFunction = (where === 'body' ? bodies : texts).compile(schema)
  return (value) => {
    const shape = validate(value) ? [] : toProblems(validate.errors ?? [], where)
    if (shape.length > 0) return shape
    return isStorable(value) ? [] : unstorable(value, where, [])
  }
}

export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) refuse('invalid_request', { problems })
}

/** The branches of a union complain one by one; the field itself is what the caller wants to hear of. */
function toProblems(errors: readonly ErrorObject[], where: Problem['in']): Problem[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf')
  const telling = errors.filter((error) => !unions.some((union) => error !== union && error.schemaPath.startsWith(union.schemaPath)))
  const seen = new Set<string>()
  return telling
    .map((error) => toProblem(error, where))
    .filter((problem) => {
      const key = `${problem.path.join('/')}:${problem.rule}`
      return seen.has(key) ? false : seen.add(key)
    })
}

function toProblem(error: ErrorObject, where: Problem['in']): Problem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  const params = error.params as Record<string, unknown>
  const missing = params.missingProperty ?? params.additionalProperty ?? params.unevaluatedProperty
  return {
    in: where,
    path: typeof missing === 'string' ? [...path, missing] : path,
    message: sentence(error),
    rule: error.keyword,
    params,
  }
}

function sentence(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'required':
      return 'is required'
    case 'additionalProperties':
      return 'is not a known field'
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).map(String).join(', ')}`
    case 'format':
      return `must be a valid ${params.format === 'date-time' ? 'ISO 8601 date and time with an offset' : String(params.format)}`
    default:
      return error.message ?? 'is not valid'
  }
}

const hasNul = (text: string): boolean => text.includes('\u0000')

/** Nearly all that comes is: then nothing is put together to say where. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !hasNul(value)
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return true
  for (const key in value) if (!isStorable(key) || !isStorable((value as Record<string, unknown>)[key])) return false
  return true
}

/** Text that PostgreSQL cannot store: NUL, and halves of surrogate pairs, which no UTF-8 has. */
function unstorable(value: unknown, where: Problem['in'], path: (string | number)[]): Problem[] {
  if (typeof value === 'string') {
    const message = `must not contain ${hasNul(value) ? 'NUL' : 'half a surrogate pair'}`
    return isStorable(value) ? [] : [{ in: where, path, message, rule: 'text' }]
  }
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return []
  return Object.entries(value).flatMap(([key, item]) => [
    ...unstorable(key, where, path),
    ...unstorable(item, where, [...path, Array.isArray(value) ? Number(key) : key]),
  ])
}
