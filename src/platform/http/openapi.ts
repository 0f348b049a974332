// OpenAPI 3.1 from the same objects that serve: a contract's document, and one of all contracts together.
// Nothing is written by hand, so that nothing can say what the server does not do.
import type { Contract } from './contract.ts'
import type { AnyEndpoint } from './endpoint.ts'
import {
  bareNames,
  type JsonObject,
  type Naming,
  namesOf,
  type OpenApiDocument,
  type Operation,
  type Parameter,
  templateOf,
} from './openapi/document.ts'
import { operationOf, tagsOf } from './openapi/operation.ts'
import { commonRefusals, sayAll } from './openapi/refusals.ts'
import type { ErrorParts } from './openapi/responses.ts'
import { openPool, toSchema } from './openapi/schemas.ts'

export { toAwsOpenApi } from './openapi/aws.ts'
export { type Breaking, diffOpenApi } from './openapi/diff.ts'
export type { Json, JsonObject, MediaType, OpenApiDocument, Operation, Parameter, RequestBody, Response } from './openapi/document.ts'
export { templateOf } from './openapi/document.ts'
export { tagsOf } from './openapi/operation.ts'

const license = { name: 'Apache 2.0', identifier: 'Apache-2.0' }

export const shownEndpoints = (contract: Contract): readonly AnyEndpoint[] => contract.endpoints.filter(({ hidden }) => !hidden)

/** One contract's document: names as they are in the code. */
export const openApiOf = (contract: Contract): OpenApiDocument => documentOf(contract, bareNames)

/** All contracts in one document: operations, tags and components carry their contract's name. */
export function openApiOfAll(
  contracts: readonly Contract[],
  info: { readonly title: string; readonly description: string; readonly version: string },
): OpenApiDocument {
  const documents = contracts.map((contract) => documentOf(contract, namesOf(contract.name)))
  const merge = <T>(pick: (document: OpenApiDocument) => Readonly<Record<string, T>>): Record<string, T> =>
    Object.assign({}, ...documents.map(pick))
  const paths: Record<string, Record<string, Operation>> = {}
  for (const document of documents) {
    for (const [path, methods] of Object.entries(document.paths)) paths[path] = { ...paths[path], ...methods }
  }
  return {
    openapi: '3.1.0',
    info: { ...info, license },
    servers: [{ url: '/' }],
    tags: documents.flatMap(({ tags }) => tags),
    paths,
    components: {
      schemas: merge(({ components }) => components.schemas),
      responses: merge(({ components }) => components.responses),
      parameters: merge(({ components }) => components.parameters),
      headers: merge(({ components }) => components.headers),
      securitySchemes: merge(({ components }) => components.securitySchemes),
    },
  }
}

function documentOf(contract: Contract, naming: Naming): OpenApiDocument {
  const pool = openPool(naming)
  const error = naming.component('Error')
  pool.schemas.set(error, toSchema(contract.errorSchema, pool))
  const parts: ErrorParts = {
    contract,
    pool,
    errorSchema: { $ref: `#/components/schemas/${error}` },
    common: sayAll(contract.renderError, commonRefusals(contract)),
    shared: new Map(),
  }
  const endpoints = shownEndpoints(contract)
  const paths: Record<string, Record<string, Operation>> = {}
  for (const endpoint of endpoints) {
    const path = templateOf(endpoint.path)
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operationOf(parts, endpoint) }
  }
  return {
    openapi: '3.1.0',
    info: { title: contract.title, description: contract.description, version: contract.version, license },
    servers: [{ url: '/' }],
    tags: [...new Set(endpoints.flatMap(tagsOf))].map((name) => ({ name: naming.tag(name) })),
    paths,
    components: {
      schemas: Object.fromEntries(pool.schemas),
      responses: Object.fromEntries(parts.shared),
      parameters: { IdempotencyKey: idempotencyKey },
      headers,
      securitySchemes: contract.security,
    },
  }
}

const idempotencyKey: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Makes a repeat safe: the first answer is kept for 24 hours and given again. Another body under the same key is refused. `X-Idempotency-Key` is the same.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

const header = (description: string, schema: JsonObject): JsonObject => ({ description, schema })
const headers = {
  'X-Request-Id': header('Names this request; it is in the log and in every error. Your own is kept.', { type: 'string' }),
  'X-RateLimit-Limit': header('How many requests the limit allows.', { type: 'integer' }),
  'X-RateLimit-Remaining': header('How many are left.', { type: 'integer' }),
  'X-RateLimit-Reset': header('When all are there again, in Unix seconds.', { type: 'integer' }),
  RateLimit: header('What is left, as in the IETF draft.', { type: 'string' }),
  'RateLimit-Policy': header('The limit, as in the IETF draft.', { type: 'string' }),
  'Retry-After': header('Seconds to wait before trying again.', { type: 'integer' }),
  Location: header('Where the thing is.', { type: 'string' }),
  'Idempotent-Replayed': header('`true` when this is the kept answer of an earlier request.', { type: 'string', enum: ['true'] }),
}
