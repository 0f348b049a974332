// One endpoint as one OpenAPI operation: who may call it, what it takes, what it answers.
import type { TSchema } from 'typebox'
import type { Contract } from '../contract.ts'
import type { AnyEndpoint } from '../endpoint.ts'
import type { Json, JsonObject, MediaType, Operation, Parameter, Reference, RequestBody } from './document.ts'
import { takesKey } from './refusals.ts'
import { type ErrorParts, responsesOf, slug } from './responses.ts'
import { isObject, type Pool, resolve, toSchema } from './schemas.ts'

export function operationOf(parts: ErrorParts, endpoint: AnyEndpoint): Operation {
  const { pool, contract } = parts
  const parameters = parametersOf(endpoint, pool)
  const requestBody = requestBodyOf(endpoint, pool)
  const description = [endpoint.description, permissionSentence(endpoint)].filter((line) => line !== undefined).join('\n\n')
  return {
    operationId: pool.naming.operation(endpoint.operation),
    summary: endpoint.summary,
    ...(description ? { description } : {}),
    tags: tagsOf(endpoint).map(pool.naming.tag),
    security: securityOf(contract, endpoint),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(requestBody ? { requestBody } : {}),
    responses: responsesOf(parts, endpoint),
    'x-permission': isSigned(endpoint) ? 'signed' : endpoint.permission,
  }
}

/** An operation is filed under its noun, unless it says otherwise. */
export function tagsOf(endpoint: AnyEndpoint): readonly string[] {
  return endpoint.tags ?? [endpoint.operation.split('.')[0] ?? endpoint.operation]
}

/** A provider's webhook: its signature is the only credential. */
const isSigned = ({ verify, permission }: AnyEndpoint): boolean => verify !== undefined && permission === 'public'

function securityOf(contract: Contract, { permission, verify }: AnyEndpoint): Operation['security'] {
  if (permission === 'public') return []
  const schemes = Object.keys(contract.security).map((scheme) => ({ [scheme]: [] }))
  // An empty requirement makes the others optional: the operation tells of another way to prove oneself.
  return verify ? [...schemes, {}] : schemes
}

function permissionSentence(endpoint: AnyEndpoint): string | undefined {
  if (isSigned(endpoint)) return 'The caller signs the request; there is no other credential.'
  if (endpoint.permission === 'public') return undefined
  return endpoint.permission === 'authenticated' ? 'Any valid credential will do.' : `Needs the permission \`${endpoint.permission}\`.`
}

function parametersOf(endpoint: AnyEndpoint, pool: Pool): (Parameter | Reference)[] {
  const shapes = endpoint.params ? propertiesOf(endpoint.params, pool) : new Map<string, Property>()
  const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '')
  const path = names.map((name) => parameter('path', name, { schema: { type: 'string' }, ...shapes.get(name), required: true }))
  const query = endpoint.query ? [...propertiesOf(endpoint.query, pool)].map(([name, property]) => parameter('query', name, property)) : []
  return [...path, ...query, ...(takesKey(endpoint) ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : [])]
}

interface Property {
  readonly schema: JsonObject
  readonly required: boolean
}

/** The members of an object schema, through the parts of an intersection. */
function propertiesOf(schema: TSchema, pool: Pool): Map<string, Property> {
  const object = resolve(toSchema(schema, { ...pool, schemas: new Map() }), pool)
  const parts = [object, ...((object.allOf as JsonObject[] | undefined) ?? [])]
  return new Map(
    parts.flatMap((part) => {
      const required = new Set(Array.isArray(part.required) ? part.required : [])
      const properties = isObject(part.properties ?? null) ? (part.properties as JsonObject) : {}
      return Object.entries(properties).map(
        ([name, value]) =>
          [
            name,
            { schema: isObject(value) ? value : {}, required: required.has(name) && !(isObject(value) && 'default' in value) },
          ] as const,
      )
    }),
  )
}

function parameter(where: Parameter['in'], name: string, { schema, required }: Property): Parameter {
  const { description, ...rest } = schema
  return { name, in: where, required, ...(typeof description === 'string' ? { description } : {}), schema: rest }
}

const mediaTypes = { json: 'application/json', form: 'application/x-www-form-urlencoded', stream: 'multipart/form-data' } as const

function requestBodyOf(endpoint: AnyEndpoint, pool: Pool): RequestBody | null {
  const accepts = endpoint.accepts ?? (endpoint.body ? ['json' as const] : [])
  if (accepts.length === 0 || (!endpoint.body && !accepts.includes('stream'))) return null
  const schema = endpoint.body ? sentShape(toSchema(endpoint.body, pool)) : {}
  const upload = endpoint.parts ? toSchema(endpoint.parts, pool) : { type: 'object' }
  const examples = bodyExamples(endpoint)
  const media = (kind: 'json' | 'form' | 'stream'): MediaType =>
    kind === 'stream' ? { schema: upload } : { schema, ...(examples ? { examples } : {}) }
  const { required } = resolve(schema, pool)
  return {
    required: accepts.includes('stream') || (!endpoint.bodyOptional && Array.isArray(required) && required.length > 0),
    content: Object.fromEntries(accepts.map((kind) => [mediaTypes[kind], media(kind)])),
  }
}

/** What has a default need not be sent. */
function sentShape(schema: JsonObject): JsonObject {
  const properties = isObject(schema.properties ?? null) ? (schema.properties as JsonObject) : {}
  if (!Array.isArray(schema.required)) return schema
  const { required, ...rest } = schema
  const demanded = (required as string[]).filter(
    (name) => !isObject(properties[name] ?? null) || !('default' in (properties[name] as JsonObject)),
  )
  return demanded.length > 0 ? { ...rest, required: demanded } : rest
}

function bodyExamples(endpoint: AnyEndpoint): MediaType['examples'] | null {
  const shown = (endpoint.examples ?? []).filter(({ body }) => body !== undefined)
  if (shown.length === 0) return null
  return Object.fromEntries(shown.map(({ title, body }) => [slug(title), { summary: title, value: body as Json }]))
}
