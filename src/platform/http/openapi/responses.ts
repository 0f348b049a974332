// The answers of an operation: its own by status, then every refusal it can meet. A status whose refusals are the
// common ones alone is a reference to the contract's component.
import type { TSchema } from 'typebox'
import type { Contract } from '../contract.ts'
import type { AnyEndpoint, Example } from '../endpoint.ts'
import type { Json, JsonObject, MediaType, Reference, Response } from './document.ts'
import { refusalsOf, type Said, sayAll, takesKey } from './refusals.ts'
import { type Pool, toSchema } from './schemas.ts'

const phrases: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted; the work goes on',
  204: 'Done; there is nothing to say',
  206: 'A part of the file',
  301: 'Elsewhere',
  302: 'Elsewhere',
  303: 'Elsewhere',
  304: 'Not changed',
  400: 'The request is not valid',
  401: 'Nobody is signed in',
  402: 'Not paid for',
  403: 'Not allowed',
  404: 'Not found',
  405: 'The path does not take this method',
  406: 'No such format',
  409: 'In conflict with what is there',
  410: 'No longer there',
  413: 'Too large',
  415: 'Media type not accepted',
  416: 'The range lies outside the file',
  422: 'Understood, but not possible',
  429: 'Too many requests',
  500: 'Something went wrong on our side',
  502: 'An outside service failed',
  503: 'Not available now',
  507: 'Out of storage',
}
export const phraseOf = (status: number): string => phrases[status] ?? `Status ${status}`

const componentNames: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthenticated',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  413: 'TooLarge',
  415: 'UnsupportedMediaType',
  422: 'Unprocessable',
  429: 'RateLimited',
  500: 'Internal',
  503: 'Unavailable',
}

export interface ErrorParts {
  readonly contract: Contract
  readonly pool: Pool
  readonly errorSchema: JsonObject
  /** The refusals that any operation may meet, by status. */
  readonly common: ReadonlyMap<number, readonly Said[]>
  /** The common answers, filled as operations refer to them. */
  readonly shared: Map<string, Response>
}

export function responsesOf(given: ErrorParts, endpoint: AnyEndpoint): Record<string, Response | Reference> {
  const refusals = sayAll(endpoint.renderError ?? given.contract.renderError, refusalsOf(given.contract, endpoint))
  const parts = endpoint.renderError ? { ...given, errorSchema: shapeOf([...refusals.values()].flat()), common: new Map() } : given
  const own = Object.entries(endpoint.response).map(([status, schema]) => {
    const said = refusals.get(Number(status))
    return [
      status,
      said && schema !== null ? mixed(parts, endpoint, Number(status), schema, said) : success(parts, endpoint, Number(status), schema),
    ]
  })
  const errors = [...refusals]
    .filter(([status]) => !(status in endpoint.response))
    .map(([status, said]) => [String(status), refusal(parts, endpoint, status, said)])
  const all = [...own, ...errors] as [string, Response | Reference][]
  return Object.fromEntries(all.sort(([a], [b]) => Number(a) - Number(b)))
}

function success(parts: ErrorParts, endpoint: AnyEndpoint, status: number, schema: TSchema | string | null): Response {
  const headers = headersOf(parts, endpoint, status)
  return {
    description: `${phraseOf(status)}.`,
    headers,
    ...(schema === null ? {} : { content: contentOf(parts.pool, endpoint, status, schema) }),
  }
}

function contentOf(pool: Pool, endpoint: AnyEndpoint, status: number, schema: TSchema | string): Record<string, MediaType> {
  if (typeof schema === 'string') return filesOf(schema)
  const examples = examplesOf(endpoint.examples ?? [], status)
  const json = { schema: toSchema(schema, pool), ...(examples ? { examples } : {}) }
  return { 'application/json': json, ...filesOf(endpoint.alsoAs?.[status] ?? '') }
}

/** Media types as a list with commas. A file of no certain type comes as whatever it was found to be. */
function filesOf(list: string): Record<string, MediaType> {
  const types = list
    .split(',')
    .map((type) => type.trim())
    .filter(Boolean)
  return Object.fromEntries(types.map((type) => [type === 'application/octet-stream' ? '*/*' : type, { schema: fileSchema(type) }]))
}

const fileSchema = (type: string): JsonObject => (isText(type) ? { type: 'string' } : { type: 'string', format: 'binary' })
const isText = (type: string): boolean => type.startsWith('text/') || /[/+](json|xml|javascript)\b/.test(type)

function examplesOf(examples: readonly Example[], status: number): MediaType['examples'] | null {
  const shown = examples.filter((example) => example.status === status && example.response !== undefined)
  if (shown.length === 0) return null
  return Object.fromEntries(shown.map(({ title, response }) => [slug(title), { summary: title, value: response as Json }]))
}

export const slug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

/** A status that is both an answer of the operation's own and a refusal: either shape. */
function mixed(parts: ErrorParts, endpoint: AnyEndpoint, status: number, schema: TSchema | string, said: readonly Said[]): Response {
  const own = contentOf(parts.pool, endpoint, status, schema)
  const json = own['application/json']
  const schemas = json ? { anyOf: [json.schema, parts.errorSchema] } : parts.errorSchema
  const { description, headers, content } = described(parts, endpoint, status, said)
  const examples = { ...json?.examples, ...content?.['application/json']?.examples }
  return { description, ...(headers ? { headers } : {}), content: { ...own, 'application/json': { schema: schemas, examples } } }
}

/** An operation with errors of its own shape (RFC 6749's): the fields that all of them have. */
function shapeOf(said: readonly Said[]): JsonObject {
  const bodies = said.map(({ body }) => body as JsonObject)
  const names = Object.keys(bodies[0] ?? {}).filter((name) => bodies.every((body) => typeof body[name] === 'string'))
  return { type: 'object', required: names, properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) }
}

/** A common status is said once for the contract; an operation with refusals of its own there says all of them. */
function refusal(parts: ErrorParts, endpoint: AnyEndpoint, status: number, said: readonly Said[]): Response | Reference {
  const name = componentNames[status]
  const common = parts.common.get(status)
  if (!name || !common || said.some(({ code }) => !common.some((other) => other.code === code)))
    return described(parts, endpoint, status, said)
  const full = parts.pool.naming.component(name)
  if (!parts.shared.has(full)) parts.shared.set(full, described(parts, limited, status, common))
  return { $ref: `#/components/responses/${full}` }
}
/** As far as headers go, a common answer is that of an operation with a limit. */
const limited = { method: 'GET', unlimited: false } as AnyEndpoint

function described(parts: ErrorParts, endpoint: AnyEndpoint, status: number, said: readonly Said[]): Response {
  return {
    description: `${phraseOf(status)}:\n${said.map(({ code, sentence }) => `- \`${code}\`: ${sentence}`).join('\n')}`,
    headers: headersOf(parts, endpoint, status),
    content: {
      'application/json': {
        schema: parts.errorSchema,
        examples: Object.fromEntries(said.map(({ code, sentence, body }) => [code, { summary: sentence, value: body }])),
      },
    },
  }
}

const afterLimit = (status: number): boolean => status !== 401 && status !== 500 && status !== 503

function headersOf(parts: ErrorParts, endpoint: AnyEndpoint, status: number): Record<string, Reference> {
  const names = ['X-Request-Id']
  if (!endpoint.unlimited && parts.contract.limit !== 'off' && afterLimit(status)) {
    names.push('X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'RateLimit', 'RateLimit-Policy')
  }
  if (status === 429 || status === 503) names.push('Retry-After')
  if (status === 201 || (status >= 301 && status <= 303)) names.push('Location')
  if (takesKey(endpoint) && status < 300) names.push('Idempotent-Replayed')
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
