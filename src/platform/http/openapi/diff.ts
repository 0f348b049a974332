// What of a published contract a change would break (E13): a client that worked with `before` meets something in
// `after` that it did not send, or does not get what it read. Additions are silent.
import type { JsonObject, MediaType, OpenApiDocument, Operation, Parameter, Reference, RequestBody, Response } from './document.ts'
import { isObject } from './schemas.ts'

export interface Breaking {
  /** `GET /v1/users/{id}` */
  readonly operation: string
  readonly what: string
}

type Side = 'sent' | 'answered'

export function diffOpenApi(before: OpenApiDocument, after: OpenApiDocument): Breaking[] {
  return Object.entries(before.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const now = after.paths[path]?.[method]
      const whats = now ? diffOperation({ before, after }, operation, now) : ['is gone']
      return [...new Set(whats)].map((what) => ({ operation: `${method.toUpperCase()} ${path}`, what }))
    }),
  )
}

interface Both {
  readonly before: OpenApiDocument
  readonly after: OpenApiDocument
}

function diffOperation(both: Both, was: Operation, now: Operation): string[] {
  const needs = was['x-permission'] === now['x-permission'] ? [] : [`needs ${now['x-permission']} where it needed ${was['x-permission']}`]
  return [...needs, ...diffParameters(both, was, now), ...diffBody(both, was.requestBody, now.requestBody), ...diffAnswers(both, was, now)]
}

function diffParameters(both: Both, was: Operation, now: Operation): string[] {
  const old = parametersOf(both.before, was)
  const fresh = parametersOf(both.after, now)
  const gone = [...old.keys()].filter((key) => !fresh.has(key)).map((key) => `no longer takes ${key}`)
  const demanded = [...fresh].filter(([key, { required }]) => required && !old.get(key)?.required).map(([key]) => `now demands ${key}`)
  const changed = [...old].flatMap(([key, { schema }]) => {
    const other = fresh.get(key)
    return other ? diffSchema(both, schema, other.schema, key, 'sent') : []
  })
  return [...gone, ...demanded, ...changed]
}

function parametersOf(document: OpenApiDocument, operation: Operation): Map<string, Parameter> {
  const all = (operation.parameters ?? []).map((given) => follow<Parameter>(document, given))
  return new Map(all.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]))
}

function diffBody(both: Both, was: RequestBody | undefined, now: RequestBody | undefined): string[] {
  if (!now) return []
  if (now.required && !was?.required) return ['now demands a body']
  return was ? diffContent(both, was.content, now.content, 'body', 'sent') : []
}

function diffAnswers(both: Both, was: Operation, now: Operation): string[] {
  return Object.entries(was.responses)
    .filter(([status]) => Number(status) < 400)
    .flatMap(([status, given]) => {
      const other = now.responses[status]
      if (!other) return [`no longer answers ${status}`]
      const old = follow<Response>(both.before, given)
      const fresh = follow<Response>(both.after, other)
      return diffContent(both, old.content ?? {}, fresh.content ?? {}, `answer ${status}`, 'answered')
    })
}

type Content = Readonly<Record<string, MediaType>>

function diffContent(both: Both, was: Content, now: Content, where: string, side: Side): string[] {
  return Object.entries(was).flatMap(([type, { schema }]) => {
    const other = now[type]
    return other ? diffSchema(both, schema, other.schema, where, side) : [`${where} is no longer ${type}`]
  })
}

/** A caller may go on sending what it sent; what it read is still there. Unions are compared as a whole. */
function diffSchema(both: Both, given: JsonObject, other: JsonObject, where: string, side: Side, seen: readonly string[] = []): string[] {
  const name = typeof given.$ref === 'string' ? given.$ref : null
  if (name && seen.includes(name)) return []
  const path = name ? [...seen, name] : seen
  const was = follow<JsonObject>(both.before, given)
  const now = follow<JsonObject>(both.after, other)
  if (JSON.stringify(was.type) !== JSON.stringify(now.type)) return [`${where} was ${typeOf(was)} and is ${typeOf(now)}`]
  const items = isObject(was.items ?? null) && isObject(now.items ?? null)
  return [
    ...diffValues(was, now, where, side),
    ...diffRequired(was, now, where, side),
    ...diffProperties(both, was, now, where, side, path),
    ...(items ? diffSchema(both, was.items as JsonObject, now.items as JsonObject, `${where}[]`, side, path) : []),
  ]
}

const typeOf = ({ type, anyOf }: JsonObject): string => (type ? String(type) : anyOf ? 'one of several shapes' : 'anything')

function diffValues(was: JsonObject, now: JsonObject, where: string, side: Side): string[] {
  if (side !== 'sent' || !Array.isArray(was.enum) || !Array.isArray(now.enum)) return []
  const kept = new Set(now.enum)
  return was.enum.filter((value) => !kept.has(value)).map((value) => `${where} may no longer be ${String(value)}`)
}

function diffRequired(was: JsonObject, now: JsonObject, where: string, side: Side): string[] {
  const old = new Set(namesOf(was.required))
  const fresh = new Set(namesOf(now.required))
  if (side === 'sent') return [...fresh].filter((name) => !old.has(name)).map((name) => `${where}.${name} is now demanded`)
  const properties = isObject(now.properties ?? null) ? (now.properties as JsonObject) : {}
  return [...old].filter((name) => !fresh.has(name) && name in properties).map((name) => `${where}.${name} may now be missing`)
}

const namesOf = (required: unknown): string[] => (Array.isArray(required) ? required.map(String) : [])

function diffProperties(both: Both, was: JsonObject, now: JsonObject, where: string, side: Side, seen: readonly string[]): string[] {
  if (!isObject(was.properties ?? null)) return []
  const fresh = (now.properties ?? {}) as JsonObject
  return Object.entries(was.properties as JsonObject).flatMap(([name, schema]) => {
    const other = fresh[name]
    if (isObject(schema) && other !== undefined && isObject(other)) return diffSchema(both, schema, other, `${where}.${name}`, side, seen)
    const refused = side === 'answered' || now.additionalProperties === false
    return other === undefined && refused ? [`${where}.${name} is gone`] : []
  })
}

/** @throws Error on a reference to nothing. */
function follow<T>(document: OpenApiDocument, given: T | Reference | JsonObject): T {
  const { $ref } = given as Partial<Reference>
  if ($ref === undefined) return given as T
  const [, , group, name] = $ref.split('/')
  const components = document.components as unknown as Record<string, Record<string, T | Reference>>
  const found = components[group ?? '']?.[name ?? '']
  if (found === undefined) throw new Error(`${$ref} leads nowhere`)
  return follow<T>(document, found)
}
