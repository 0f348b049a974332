// A JSON schema as a reader wants it: one line a field, its kind in words, what lies inside folded away.
import type { Json, JsonObject, OpenApiDocument } from '../../../platform/http/index.ts'
import { type Html, html, prose } from '../html.ts'

const deepest = 5
/** What is sent may demand a field; of what is answered, a field may be missing. */
export type Side = 'sent' | 'answered'

export function shapeOf(document: OpenApiDocument, schema: JsonObject, side: Side, depth = 0): Html {
  const { fields, rest } = fieldsOf(document, schema)
  if (fields.length === 0 && rest === null) return html`<p class="kind">${kindOf(document, schema)}</p>`
  return html`<ul class="fields">${fields.map((field) => fieldLine(document, field, side, depth))}${
    rest ? fieldLine(document, { name: 'any other', schema: rest, required: true }, 'answered', depth) : null
  }</ul>`
}

export interface Field {
  readonly name: string
  readonly schema: JsonObject
  readonly required: boolean
}

export function fieldLine(document: OpenApiDocument, { name, schema, required }: Field, side: Side, depth = 0): Html {
  const inner = innerOf(document, schema)
  const open = inner !== null && depth < deepest
  const { description } = follow(document, schema)
  return html`<li><div class="field"><code class="name">${name}</code> <span class="kind">${kindOf(document, schema)}</span>${
    side === 'sent'
      ? required && html` <span class="required">required</span>`
      : !required && html` <span class="note">may be missing</span>`
  }${notesOf(document, schema).map((note) => html` <span class="note">${note}</span>`)}${
    typeof description === 'string' ? html`<p>${prose(description)}</p>` : null
  }</div>${open ? html`<details><summary>inside</summary>${shapeOf(document, inner, side, depth + 1)}</details>` : null}</li>`
}

/** @throws Error on a reference to nothing */
export function follow(document: OpenApiDocument, schema: JsonObject): JsonObject {
  const { $ref } = schema
  if (typeof $ref !== 'string') return schema
  const found = document.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)]
  if (!isObject(found)) throw new Error(`${$ref} leads nowhere`)
  return found
}

function fieldsOf(document: OpenApiDocument, given: JsonObject): { fields: Field[]; rest: JsonObject | null } {
  const schema = unwrap(document, given)
  const parts = [schema, ...listOf(schema.allOf).map((part) => follow(document, part))]
  const fields = parts.flatMap((part) => {
    const required = new Set(Array.isArray(part.required) ? part.required : [])
    return Object.entries(isObject(part.properties) ? part.properties : {}).map(([name, value]) => ({
      name,
      schema: isObject(value) ? value : {},
      required: required.has(name),
    }))
  })
  return { fields, rest: isObject(schema.additionalProperties) ? schema.additionalProperties : null }
}

/** Through references, lists and `… or null` to the object that has fields. */
function unwrap(document: OpenApiDocument, given: JsonObject): JsonObject {
  const schema = follow(document, given)
  if (isObject(schema.items)) return unwrap(document, schema.items)
  const only = branchesOf(schema).filter(({ type }) => type !== 'null')
  return only.length === 1 && only[0] ? unwrap(document, only[0]) : schema
}

/** The schema worth unfolding under a field: one with fields, or a union in which several have. */
function innerOf(document: OpenApiDocument, given: JsonObject): JsonObject | null {
  const schema = unwrap(document, given)
  const { fields, rest } = fieldsOf(document, schema)
  return fields.length > 0 || rest ? schema : null
}

const branchesOf = (schema: JsonObject): JsonObject[] => [...listOf(schema.anyOf), ...listOf(schema.oneOf)]
const listOf = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const isObject = (value: Json | undefined): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

function kindOf(document: OpenApiDocument, given: JsonObject): string {
  const schema = follow(document, given)
  const branches = branchesOf(schema)
  if (branches.length > 0) return [...new Set(branches.map((branch) => kindOf(document, branch)))].join(' or ')
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (isObject(schema.items)) return `list of ${kindOf(document, schema.items)}`
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : schema.type
  return typeof schema.format === 'string' ? schema.format : typeof type === 'string' ? type : 'anything'
}

/** Limits and defaults, in the words a caller needs. */
function notesOf(document: OpenApiDocument, given: JsonObject): string[] {
  const schema = follow(document, given)
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema
  return [
    rangeOf(minimum, maximum, ''),
    rangeOf(minLength, maxLength, ' characters'),
    rangeOf(minItems, maxItems, ' items'),
    typeof pattern === 'string' ? `matches ${pattern}` : null,
    'default' in schema ? `default ${JSON.stringify(schema.default)}` : null,
  ].filter((note) => note !== null)
}

function rangeOf(from: Json | undefined, to: Json | undefined, unit: string): string | null {
  const huge = (value: Json | undefined) => typeof value !== 'number' || value >= Number.MAX_SAFE_INTEGER
  const upper = huge(to) ? null : to
  if (typeof from === 'number' && upper !== null) return `${from}–${upper}${unit}`
  if (upper !== null) return `up to ${upper}${unit}`
  return typeof from === 'number' ? `at least ${from}${unit}` : null
}
