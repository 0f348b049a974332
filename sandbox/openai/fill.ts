// Decides how what was read goes into the caller's own JSON schema (the subset that structured outputs allow). The result is valid
// against the schema or there is none: `Unfillable` says which part could not be filled.
// Source: https://platform.openai.com/docs/guides/structured-outputs
import type { Facts } from './facts.ts'

export class Unfillable extends Error {}

type Schema = Record<string, unknown>
interface Work {
  facts: Facts
  root: Schema
}

const deepest = 10

export function fill(schema: unknown, facts: Facts): unknown {
  const root = asSchema(schema)
  return value(root, '', { facts, root }, 0)
}

const isSchema = (given: unknown): given is Schema => typeof given === 'object' && given !== null && !Array.isArray(given)
const asSchema = (given: unknown): Schema => (isSchema(given) ? given : {})
const listOf = (given: unknown): unknown[] => (Array.isArray(given) ? given : [])

function value(given: Schema, name: string, work: Work, depth: number): unknown {
  const schema = resolve(given, work)
  if (depth > deepest) throw new Unfillable(`"${name}" is nested too deeply`)
  if ('const' in schema) return schema.const
  const branches = [...listOf(schema.anyOf), ...listOf(schema.oneOf)].filter(isSchema)
  if (branches.length > 0) return oneOf(branches, name, work, depth)
  const types = typeof schema.type === 'string' ? [schema.type] : listOf(schema.type).map(String)
  if (types.length > 1)
    return oneOf(
      types.map((type) => ({ ...schema, type })),
      name,
      work,
      depth,
    )
  if (Array.isArray(schema.enum)) return choose(schema.enum, name, work.facts, false)
  return ofType(schema, types[0] ?? 'null', name, work, depth)
}

/** What was said if one branch can hold it, else null where that is allowed, else whatever fits. */
function oneOf(branches: Schema[], name: string, work: Work, depth: number): unknown {
  const resolved = branches.map((branch) => resolve(branch, work))
  const nullable = resolved.some((branch) => branch.type === 'null')
  const others = resolved.filter((branch) => branch.type !== 'null')
  for (const branch of others) {
    const found = known(branch, name, work.facts)
    if (found !== undefined && fits(branch, found)) return found
  }
  if (nullable) return null
  const [first] = others
  if (!first) throw new Unfillable(`"${name}" has no branch`)
  return value(first, name, work, depth + 1)
}

function resolve(schema: Schema, work: Work): Schema {
  const reference = schema.$ref
  if (typeof reference !== 'string') return schema
  if (reference === '#') return work.root
  const found = reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, part) => asSchema(at)[part], work.root)
  if (!isSchema(found)) throw new Unfillable(`${reference} leads nowhere`)
  return found
}

function ofType(schema: Schema, type: string, name: string, work: Work, depth: number): unknown {
  if (type === 'object' || 'properties' in schema) return object(schema, work, depth)
  if (type === 'array')
    return Array.from({ length: Number(schema.minItems ?? 0) }, () => value(asSchema(schema.items), name, work, depth + 1))
  const found = known(schema, name, work.facts)
  if (found !== undefined && fits(schema, found)) return found
  const plain = plainValue(schema, type)
  if (plain === undefined) throw new Unfillable(`nothing was said that fits "${name}"`)
  return plain
}

function object(schema: Schema, work: Work, depth: number): unknown {
  const required = new Set(listOf(schema.required).map(String))
  const parts = Object.entries(asSchema(schema.properties)).filter(([name]) => required.has(name) || depth < 3)
  return Object.fromEntries(parts.map(([name, part]) => [name, value(asSchema(part), name, work, depth + 1)]))
}

/** What was said about a part of this name, or undefined. */
function known(schema: Schema, name: string, facts: Facts): unknown {
  if ('const' in schema) return schema.const === facts.intent ? schema.const : undefined
  if (Array.isArray(schema.enum)) return choose(schema.enum, name, facts, true)
  if (schema.type === 'string') return knownText(name.toLowerCase(), facts)
  if (schema.type === 'boolean') return knownFlag(name.toLowerCase(), facts)
  if (schema.type === 'number' || schema.type === 'integer') return knownNumber(name.toLowerCase(), facts)
  return undefined
}

function knownText(name: string, facts: Facts): string | undefined {
  const last = /(_to|_until|end|to)$/.test(name)
  if (/date|day/.test(name)) return facts.dates[last ? 1 : 0]
  if (/time|hour/.test(name)) return facts.times[last ? 1 : 0]
  if (/intent|action/.test(name)) return facts.intent ?? undefined
  if (/name|caller|who/.test(name)) return facts.name ?? undefined
  if (/text|summary|transcript|utterance|message|reason/.test(name)) return facts.text
  return undefined
}

function knownFlag(name: string, facts: Facts): boolean | undefined {
  if (/correct(ion|s)|corrected/.test(name)) return facts.correction
  if (/confirm|yes|agree|accept/.test(name)) return facts.intent === 'yes'
  if (facts.intent && name.includes(facts.intent)) return true
  return undefined
}

function knownNumber(name: string, facts: Facts): number | undefined {
  if (/confidence|probability|score/.test(name)) return isEmpty(facts) ? 0.2 : 0.93
  if (/choice|option|index|place/.test(name)) return facts.choice ?? undefined
  return facts.numbers[0]
}

const isEmpty = (facts: Facts) =>
  !facts.intent && !facts.name && facts.dates.length + facts.times.length === 0 && facts.choice === null && !facts.partOfDay

/** The value that was said; when it must be one, the one that means nothing, else the first. */
function choose(values: unknown[], name: string, facts: Facts, onlyKnown: boolean): unknown {
  const lower = facts.text.toLowerCase()
  const said = values.find(
    (each) =>
      typeof each === 'string' &&
      (each === facts.intent || each === facts.partOfDay || (each.length > 2 && lower.includes(each.toLowerCase().replaceAll('_', ' ')))),
  )
  if (said !== undefined || onlyKnown) return said
  const nothing = values.find((each) => each === null || (typeof each === 'string' && /^(none|unknown|other|unclear|null)$/i.test(each)))
  if (nothing !== undefined) return nothing
  if (values.length === 0) throw new Unfillable(`"${name}" may have no value`)
  return values[0]
}

function fits(schema: Schema, found: unknown): boolean {
  if (Array.isArray(schema.enum)) return schema.enum.includes(found)
  if (typeof found === 'string') {
    const length = [...found].length
    return (
      (typeof schema.pattern !== 'string' || new RegExp(schema.pattern, 'u').test(found)) &&
      length >= Number(schema.minLength ?? 0) &&
      length <= Number(schema.maxLength ?? Number.POSITIVE_INFINITY) &&
      fitsFormat(schema.format, found)
    )
  }
  if (typeof found === 'number') return fitsNumber(schema, found)
  return true
}

function fitsNumber(schema: Schema, found: number): boolean {
  const within = found >= Number(schema.minimum ?? Number.NEGATIVE_INFINITY) && found <= Number(schema.maximum ?? Number.POSITIVE_INFINITY)
  const beyond =
    found > Number(schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY) &&
    found < Number(schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY)
  const whole = schema.type !== 'integer' || Number.isInteger(found)
  return within && beyond && whole && (schema.multipleOf === undefined || Number.isInteger(found / Number(schema.multipleOf)))
}

const formats: Record<string, RegExp> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  time: /^\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/,
  email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
}
const fitsFormat = (format: unknown, found: string) => typeof format !== 'string' || (formats[format]?.test(found) ?? true)

const plainTexts = [
  '',
  '-',
  'none',
  'unknown',
  '1970-01-01',
  '09:00',
  '00:00:00Z',
  '1970-01-01T00:00:00Z',
  'nobody@example.com',
  '00000000-0000-4000-8000-000000000000',
  '0',
  '+10000000000',
]

/** A value that says nothing and is allowed, or undefined. */
function plainValue(schema: Schema, type: string): unknown {
  if (type === 'null') return null
  if (type === 'boolean') return false
  if (type === 'string')
    return [...plainTexts, '-'.repeat(Math.min(Number(schema.minLength ?? 0), 10_000))].find((text) => fits(schema, text))
  const near = [0, 1, -1, 0.5].flatMap((step) =>
    [schema.minimum, schema.maximum, schema.exclusiveMinimum, schema.exclusiveMaximum, schema.multipleOf, 0].map(
      (base) => Number(base ?? 0) + step,
    ),
  )
  return near.find((number) => fits(schema, number))
}
