export { parseJson } from './bodies.ts'
export type { Contract, ErrorContext, RenderedError } from './contract.ts'
export {
  type Answer,
  type AnyEndpoint,
  answer,
  type Body,
  type Endpoint,
  type Example,
  endpoint,
  type RequestFacts,
  type Verify,
} from './endpoint.ts'
export { openEntrance } from './entrance.ts'
export type { Kitchen } from './errors.ts'
export { Live } from './live.ts'
export {
  type Breaking,
  diffOpenApi,
  type Json,
  type JsonObject,
  type OpenApiDocument,
  openApiOf,
  openApiOfAll,
  shownEndpoints,
  tagsOf,
  templateOf,
  toAwsOpenApi,
} from './openapi.ts'
export { Kept } from './serialization.ts'
export { type Answered, buildServer, type ServerOptions } from './server.ts'
export { statusOf } from './statuses.ts'
