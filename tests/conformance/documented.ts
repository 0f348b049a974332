// Judges an answer by the document: is its status there, its media type, and is its body on its schema?
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'

export interface Documented {
  readonly operationId: string
  readonly parameters?: readonly { readonly name?: string; readonly in?: string; readonly schema?: Schema; readonly required?: boolean }[]
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, unknown>> }>>
}
export type Schema = { readonly [key: string]: unknown }

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** What is wrong with an answer, in words; null when it is as documented. */
export type Judge = (answer: { path: string; method: string; status: number; type: string | null; body: string }) => string | null

const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void

export function judgeOf(document: object): Judge {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats(ajv)
  ajv.addSchema(document, 'document')
  const validators = new Map<string, ValidateFunction>()
  const validatorAt = (pointer: string): ValidateFunction => {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` })
    validators.set(pointer, known)
    return known
  }
  return ({ path, method, status, type, body }) => {
    const base = `/paths/${keyOf(path)}/${method.toLowerCase()}/responses/${status}`
    const found = lookUp(document, base) as { $ref?: string } | undefined
    if (!found) return `${status} is not documented: ${body.slice(0, 200)}`
    const pointer = found.$ref?.slice(1) ?? base
    const { content } = lookUp(document, pointer) as { content?: Record<string, unknown> }
    const media = (type ?? '').split(';')[0] ?? ''
    if (!content) return body === '' ? null : `${status} should have no body`
    if (!Object.keys(content).some((pattern) => matches(pattern, media)))
      return `${status} came as ${media || 'nothing'}, not ${Object.keys(content).join(' or ')}`
    if (media !== 'application/json' || !('application/json' in content)) return null // a file may be JSON, and is whatever it is
    const validate = validatorAt(`${pointer}/content/application~1json/schema`)
    return validate(JSON.parse(body)) ? null : `${status} is off its schema: ${ajv.errorsText(validate.errors)} in ${body.slice(0, 300)}`
  }
}

const matches = (pattern: string, media: string): boolean =>
  pattern === media || pattern === '*/*' || (pattern.endsWith('/*') && media.startsWith(pattern.slice(0, -1)))
const keyOf = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

function lookUp(root: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1)
  return keys
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root)
}
