// Turns the schemas that validate into the schemas that document. A schema with a title becomes a component of that
// name; two different ones with one title are refused, because a reader could not tell them apart.
import type { TSchema } from 'typebox'
import type { Json, JsonObject, Naming } from './document.ts'

export interface Pool {
  readonly naming: Naming
  readonly schemas: Map<string, JsonObject>
}

export const openPool = (naming: Naming): Pool => ({ naming, schemas: new Map() })

/** Members that hold values, not schemas. */
const values = new Set(['default', 'example', 'examples', 'const', 'enum', 'required', 'type'])
/** Members that hold schemas by name. */
const maps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])

/** @throws Error when two different schemas share a title. */
export function toSchema(schema: TSchema | object, pool: Pool): JsonObject {
  return convert(JSON.parse(JSON.stringify(schema)) as JsonObject, pool)
}

/** What stands behind a reference into the pool. */
export function resolve(schema: JsonObject, pool: Pool): JsonObject {
  const { $ref } = schema
  if (typeof $ref !== 'string') return schema
  return pool.schemas.get($ref.slice($ref.lastIndexOf('/') + 1)) ?? schema
}

function convert(schema: JsonObject, pool: Pool): JsonObject {
  const plain = withoutDraft(Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, convertMember(key, value, pool)])))
  return typeof schema.title === 'string' && schema.type === 'object' ? keep(schema.title, plain, pool) : plain
}

function convertMember(key: string, value: Json, pool: Pool): Json {
  if (values.has(key) || value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? convert(item, pool) : item))
  if (!isObject(value)) return value
  if (!maps.has(key)) return convert(value, pool)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isObject(inner) ? convert(inner, pool) : inner]))
}

/** Older drafts' tuples, and maps spelt as a pattern that matches everything, in the words of 2020-12. */
function withoutDraft(schema: JsonObject): JsonObject {
  const { $id: _, ...rest } = schema
  if (Array.isArray(rest.items)) {
    const { items, additionalItems, ...others } = rest
    return { ...others, prefixItems: items as Json, items: additionalItems ?? true }
  }
  if (Array.isArray(rest.enum) && rest.type === undefined) return withType(rest, rest.enum)
  const everything = isObject(rest.patternProperties ?? null) ? (rest.patternProperties as JsonObject) : {}
  const only = Object.keys(everything)
  if (only.length === 1 && only[0] !== undefined && ['^.*$', '^(.*)$'].includes(only[0])) {
    const { patternProperties: __, ...others } = rest
    return { ...others, additionalProperties: everything[only[0]] ?? true }
  }
  return rest
}

/** A list of words is a string: tools show `any` for a schema that does not say its type. */
function withType(schema: JsonObject, values: readonly Json[]): JsonObject {
  return values.every((value) => typeof value === 'string') ? { type: 'string', ...schema } : schema
}

function keep(title: string, schema: JsonObject, pool: Pool): JsonObject {
  const name = pool.naming.component(title.replace(/[^A-Za-z0-9]/g, ''))
  const known = pool.schemas.get(name)
  if (known && JSON.stringify(known) !== JSON.stringify(schema)) throw new Error(`two different schemas are titled ${title}`)
  pool.schemas.set(name, schema)
  return { $ref: `#/components/schemas/${name}` }
}

export const isObject = (value: Json): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)
