// The shapes of an OpenAPI document, as far as they are made here, and the names that its components get.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonObject
}

export interface MediaType {
  readonly schema: JsonObject
  readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: Json }>>
}

export interface RequestBody {
  readonly required: boolean
  readonly content: Readonly<Record<string, MediaType>>
}

export interface Reference {
  readonly $ref: string
}

export interface Response {
  readonly description: string
  readonly headers?: Readonly<Record<string, Reference>>
  readonly content?: Readonly<Record<string, MediaType>>
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly (Parameter | Reference)[]
  readonly requestBody?: RequestBody
  readonly responses: Readonly<Record<string, Response | Reference>>
  readonly 'x-permission': string
}

export interface Components {
  readonly schemas: Readonly<Record<string, Json>>
  readonly responses: Readonly<Record<string, Response>>
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly headers: Readonly<Record<string, JsonObject>>
  readonly securitySchemes: Readonly<Record<string, object>>
}

export interface OpenApiDocument {
  readonly openapi: string
  readonly info: { readonly title: string; readonly description: string; readonly version: string; readonly license: object }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Components
}

/** How the parts of one contract are called: bare in its own document, after the contract where all are in one. */
export interface Naming {
  readonly component: (name: string) => string
  readonly operation: (name: string) => string
  readonly tag: (name: string) => string
}

export const bareNames: Naming = { component: (name) => name, operation: (name) => name, tag: (name) => name }

export function namesOf(contract: string): Naming {
  return {
    component: (name) => capital(contract) + capital(name),
    operation: (name) => `${contract}.${name}`,
    tag: (name) => `${contract}: ${name}`,
  }
}

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** `/v1/users/:id` as `/v1/users/{id}`. */
export const templateOf = (path: string): string => path.replace(/:(\w+)(?:\([^)]*\))?/g, '{$1}')
