// OpenAPI 3.0.1 for AWS API Gateway, which does not read 3.1: the schemas in the older words, and an HTTP proxy
// integration for every operation. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
import type { Json, JsonObject, OpenApiDocument } from './document.ts'
import { isObject } from './schemas.ts'

const methods = new Set(['get', 'post', 'put', 'patch', 'delete'])

/** `backendUrl` has no slash at its end; it may be a Terraform template variable such as `${sapien_backend_url}`. */
export function toAwsOpenApi(document: OpenApiDocument, backendUrl: string): JsonObject {
  const plain = JSON.parse(JSON.stringify(document)) as JsonObject
  const { paths, components } = document
  return {
    ...plain,
    openapi: '3.0.1',
    info: { title: document.info.title, description: document.info.description, version: document.info.version },
    paths: mapValues(paths as unknown as JsonObject, (item, path) =>
      mapValues(item as JsonObject, (operation, method) => {
        const older = downgrade(operation) as JsonObject
        return methods.has(method) ? { ...older, 'x-amazon-apigateway-integration': integrationOf(method, path, backendUrl) } : older
      }),
    ),
    components: { ...(downgrade(components as unknown as Json) as JsonObject), schemas: mapValues(components.schemas, downgradeSchema) },
  }
}

function integrationOf(method: string, path: string, backendUrl: string): JsonObject {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  return {
    type: 'http_proxy',
    httpMethod: method.toUpperCase(),
    uri: backendUrl + path,
    passthroughBehavior: 'when_no_match',
    connectionType: 'INTERNET',
    ...(names.length > 0
      ? { requestParameters: Object.fromEntries(names.map((name) => [`integration.request.path.${name}`, `method.request.path.${name}`])) }
      : {}),
  }
}

/** Finds the schemas in whatever is not one: under `schema`, wherever that is. */
function downgrade(value: Json): Json {
  if (Array.isArray(value)) return value.map(downgrade)
  if (!isObject(value)) return value
  return mapValues(value, (inner, key) => {
    if (key === 'examples') return inner
    return key === 'schema' ? downgradeSchema(inner) : downgrade(inner)
  })
}

function downgradeSchema(schema: Json): Json {
  if (!isObject(schema)) return {}
  const steps = [nullOfUnion, nullOfType, constant, bounds, tuple, examples, unknownWords]
  const older = steps.reduce((current, step) => step(current), schema)
  return mapValues(older, (value, key) => {
    if (['properties'].includes(key) && isObject(value)) return mapValues(value, downgradeSchema)
    if (['anyOf', 'oneOf', 'allOf'].includes(key) && Array.isArray(value)) return value.map(downgradeSchema)
    if (['items', 'not'].includes(key) || (key === 'additionalProperties' && isObject(value))) return downgradeSchema(value)
    return value
  })
}

function nullOfUnion(schema: JsonObject): JsonObject {
  const key = Array.isArray(schema.anyOf) ? 'anyOf' : 'oneOf'
  const branches = schema[key]
  if (!Array.isArray(branches)) return schema
  const rest = branches.filter((branch) => !(isObject(branch) && branch.type === 'null'))
  if (rest.length === branches.length) return schema
  const { [key]: _, ...others } = schema
  const nullable = rest.map((branch) => orNull(isObject(branch) ? branch : {}))
  const only = nullable[0]
  return nullable.length === 1 && only ? { ...others, ...only } : { ...others, [key]: nullable }
}

/** 3.0 reads nothing beside a $ref, and `nullable` only beside a type; what is referred to is always an object. */
function orNull(branch: JsonObject): JsonObject {
  return '$ref' in branch ? { type: 'object', nullable: true, allOf: [branch] } : { ...branch, nullable: true }
}

function nullOfType(schema: JsonObject): JsonObject {
  if (schema.type === 'null') return { ...schema, type: 'string', nullable: true, enum: [null] }
  if (!Array.isArray(schema.type)) return schema
  const types: readonly Json[] = schema.type.filter((type) => type !== 'null')
  const nullable: JsonObject = types.length < schema.type.length ? { nullable: true } : {}
  if (types.length === 1) return { ...schema, ...nullable, type: types[0] ?? 'string' }
  return { ...without(schema, 'type'), anyOf: types.map((type) => ({ type, ...nullable })) }
}

const constant = (schema: JsonObject): JsonObject =>
  'const' in schema ? { ...without(schema, 'const'), enum: [schema.const ?? null] } : schema

function bounds(schema: JsonObject): JsonObject {
  const { exclusiveMinimum, exclusiveMaximum, ...rest } = schema
  return {
    ...rest,
    ...(typeof exclusiveMinimum === 'number' ? { minimum: exclusiveMinimum, exclusiveMinimum: true } : {}),
    ...(typeof exclusiveMaximum === 'number' ? { maximum: exclusiveMaximum, exclusiveMaximum: true } : {}),
  }
}

function tuple(schema: JsonObject): JsonObject {
  if (!Array.isArray(schema.prefixItems))
    return schema.type === 'array' && !isObject(schema.items ?? null) ? { ...schema, items: {} } : schema
  return { ...without(schema, 'prefixItems'), items: { anyOf: schema.prefixItems as Json } }
}

function examples(schema: JsonObject): JsonObject {
  if (!Array.isArray(schema.examples)) return schema
  return { ...without(schema, 'examples'), example: schema.examples[0] ?? null }
}

/** What 3.0 has no word for; dropping it makes the schema wider, never wrong. */
function unknownWords(schema: JsonObject): JsonObject {
  const dropped = [
    'patternProperties',
    'propertyNames',
    'if',
    'then',
    'else',
    'contains',
    'unevaluatedProperties',
    'contentEncoding',
    'contentMediaType',
    '$defs',
  ]
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !dropped.includes(key)))
}

const without = (schema: JsonObject, dropped: string): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key !== dropped))

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]))
}
