// What an OpenAPI document says of a server, as the generator needs it: its operations, with every reference followed.
export type Schema = { readonly [key: string]: unknown }

export interface Parameter {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}

export interface Operation {
  readonly id: string
  /** The contract, from the operation's id. */
  readonly contract: string
  readonly method: string
  readonly template: string
  readonly path: readonly Parameter[]
  readonly query: readonly Parameter[]
  readonly headers: readonly Parameter[]
  readonly bodies: readonly { readonly media: string; readonly schema: Schema }[]
  readonly statuses: ReadonlySet<number>
  readonly bearer: boolean
  readonly key: boolean
  /** Posts of the telephony provider, which prove themselves by a signature. */
  readonly signed: boolean
  readonly endless: boolean
}

export interface Plan {
  readonly document: object
  readonly operations: readonly Operation[]
  readonly follow: (schema: Schema) => Schema
  /** The operation that a method and a path without its query lead to; null where none is documented. */
  match(method: string, path: string): Operation | null
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const
const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

export function readDocument(document: object): Plan {
  const follow = (schema: Schema): Schema => {
    if (typeof schema.$ref !== 'string') return schema
    const found = lookUp(document, schema.$ref.slice(1))
    if (!isObject(found)) throw new Error(`the document has no ${schema.$ref}`)
    return follow(found)
  }
  const paths = (document as { paths: Readonly<Record<string, Schema>> }).paths
  const operations = Object.entries(paths).flatMap(([template, item]) =>
    methods.flatMap((method) => (isObject(item[method]) ? [operationOf(template, method, item[method], follow)] : [])),
  )
  // What is spelled out leads before what is left open, as in every router.
  const routes = operations
    .map((operation) => ({ operation, pattern: patternOf(operation.template), open: operation.path.length }))
    .sort((a, b) => a.open - b.open)
  return {
    document,
    operations,
    follow,
    match: (method, path) => routes.find(({ operation, pattern }) => operation.method === method && pattern.test(path))?.operation ?? null,
  }
}

const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}/?$`)

function operationOf(template: string, method: string, found: Schema, follow: (schema: Schema) => Schema): Operation {
  const id = String(found.operationId ?? `${method} ${template}`)
  const parameters = (Array.isArray(found.parameters) ? found.parameters : []).map((one) => follow(one as Schema))
  const placed = (where: string): Parameter[] =>
    parameters
      .filter((one) => one.in === where)
      .map(({ name, schema, required }) => ({ name: String(name), schema: (schema ?? {}) as Schema, required: required === true }))
  const content = isObject(found.requestBody) ? (follow(found.requestBody).content as Readonly<Record<string, Schema>>) : {}
  const security = (Array.isArray(found.security) ? found.security : []).flatMap((one) => Object.keys(one as object))
  const responses = found.responses as Readonly<Record<string, Schema>>
  const media = Object.values(responses).flatMap((response) => Object.keys((follow(response).content ?? {}) as object))
  return {
    id,
    contract: id.split('.')[0] ?? '',
    method: method.toUpperCase(),
    template,
    path: placed('path'),
    query: placed('query'),
    headers: placed('header'),
    bodies: Object.entries(content).map(([type, { schema }]) => ({ media: type, schema: (schema ?? {}) as Schema })),
    statuses: new Set(Object.keys(responses).map(Number)),
    bearer: security.includes('bearerAuth'),
    key: security.includes('apiKey'),
    signed: template.startsWith('/twilio/'),
    endless: media.includes('text/event-stream'),
  }
}

function lookUp(root: unknown, pointer: string): unknown {
  const keys = pointer.split('/').slice(1)
  return keys
    .map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), root)
}
