// Values that a schema accepts: by type, format, enum, pattern and bounds, the bounds themselves often; and, where earlier
// answers taught one that fits, a value that is really there.
import fc from 'fast-check'
import type { Dice } from './dice.ts'
import type { Operation, Schema } from './document.ts'
import type { Memory } from './memory.ts'

export type Json = unknown

export interface Ground {
  readonly operation: Operation
  readonly memory: Memory
  readonly dice: Dice
  readonly follow: (schema: Schema) => Schema
  /** The moment around which times lie, in milliseconds. */
  readonly now: number
}

const listOf = (value: unknown): Schema[] => (Array.isArray(value) ? (value as Schema[]) : [])
const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise)

export function schemaValue(ground: Ground, given: Schema, name: string, depth = 0): Json {
  const { dice, follow } = ground
  const schema = follow(given)
  const branches = [...listOf(schema.anyOf), ...listOf(schema.oneOf)]
  if (branches.length > 0) return schemaValue(ground, dice.pick(branches), name, depth)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return dice.pick(schema.enum)
  const type = Array.isArray(schema.type) ? dice.pick(schema.type) : schema.type
  if (type === 'string' || type === 'integer' || type === 'number') {
    const known = dice.chance(0.6) ? ground.memory.recall(ground.operation, name, dice) : undefined
    if (known !== undefined && fits(schema, type, known)) return known
  }
  if (type === 'object' || (type === undefined && schema.properties)) return objectOf(ground, schema, depth)
  if (type === 'array') return arrayOf(ground, schema, name, depth)
  if (type === 'integer' || type === 'number') return numericOf(dice, schema, type)
  if (type === 'boolean') return dice.chance(0.5)
  if (type === 'null') return null
  return type === 'string' ? textOf(dice, schema, name, ground.now) : dice.pick<Json>([null, 1, 'a', [], {}])
}

function objectOf(ground: Ground, schema: Schema, depth: number): Json {
  const parts = [schema, ...listOf(schema.allOf).map(ground.follow)]
  const required = new Set(parts.flatMap((part) => (Array.isArray(part.required) ? part.required : [])))
  const share = ground.dice.pick([0, 0.3, 0.6, 1])
  const chosen = parts
    .flatMap((part) => Object.entries((part.properties ?? {}) as Record<string, Schema>))
    .filter(([name]) => required.has(name) || (depth < 5 && ground.dice.chance(share)))
  return Object.fromEntries(chosen.map(([name, inner]) => [name, schemaValue(ground, inner, name, depth + 1)]))
}

function arrayOf(ground: Ground, schema: Schema, name: string, depth: number): Json {
  const least = numberOf(schema.minItems, 0)
  const size = Math.min(least + ground.dice.int(3), numberOf(schema.maxItems, 100))
  const items = Array.from({ length: size }, () => schemaValue(ground, (schema.items ?? {}) as Schema, name, depth + 1))
  return schema.uniqueItems === true ? [...new Set(items)] : items
}

function numericOf(dice: Dice, schema: Schema, type: string): number {
  const least = numberOf(schema.minimum, -1000)
  const greatest = numberOf(schema.maximum, least + 100_000)
  const near = Math.min(greatest, least + 200)
  const value = dice.pick([
    least,
    greatest,
    least + dice.int(near - least + 1),
    Math.min(greatest, Math.max(least, 1)),
    Math.min(greatest, 20),
  ])
  const step = numberOf(schema.multipleOf, 0)
  const stepped = step > 0 ? Math.ceil(least / step) * step + step * dice.int(10) : value
  return type === 'number' && step === 0 && dice.chance(0.3) && stepped < greatest ? stepped + 0.5 : stepped
}

const words = ['Ada', 'Grace Hopper', 'näher am Rand', '東京', 'a', "O'Neil", '👩‍🚀', 'two  spaces', '-', 'x'.repeat(60)]
const zones = ['Europe/London', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC', 'Pacific/Apia']
const daysMs = 86_400_000

function textOf(dice: Dice, schema: Schema, name: string, now: number): string {
  const least = numberOf(schema.minLength, 0)
  const most = Math.min(numberOf(schema.maxLength, 400), 400)
  const bounded = (text: string): string => [...text.padEnd(least, 'x')].slice(0, most).join('')
  if (typeof schema.format === 'string') return formatted(dice, schema.format, now) ?? bounded(dice.pick(words))
  if (typeof schema.pattern === 'string') return dice.pick(matching(schema.pattern))
  if (/zone/i.test(name)) return dice.pick(zones)
  if (/(^|_)(at|from|to|since|until)$|At$/.test(name)) return instant(dice, now)
  if (dice.chance(0.1)) return 'y'.repeat(dice.pick([least, most]))
  return bounded(dice.chance(0.5) ? `${dice.pick(words)} ${dice.int(100_000)}` : dice.pick(words))
}

/** Mostly on the half hour within the coming weeks, so that appointments can be had. */
function instant(dice: Dice, now: number): string {
  const at = dice.chance(0.8)
    ? Math.ceil((now + dice.int(40) * daysMs) / daysMs) * daysMs + (18 + dice.int(16)) * 1_800_000
    : now + (dice.int(2_000) - 1_000) * daysMs + dice.int(daysMs)
  const text = new Date(at).toISOString()
  return dice.pick([text, text.replace(/\.\d+Z$/, 'Z'), text.replace(/\.\d+Z$/, '+00:00')])
}

function formatted(dice: Dice, format: string, now: number): string | undefined {
  switch (format) {
    case 'date-time':
      return instant(dice, now)
    case 'date':
      return instant(dice, now).slice(0, 10)
    case 'time':
      return `${String(dice.int(24)).padStart(2, '0')}:30:00Z`
    case 'email':
      return `somebody${dice.int(1_000_000)}@example.com`
    case 'uuid':
      return `0195567e-2f80-7cc3-98e5-${dice
        .int(2 ** 31)
        .toString(16)
        .padStart(12, '0')}`
    case 'uri':
    case 'url':
      return `https://example.com/${dice.int(1000)}`
    default:
      return undefined
  }
}

const samples = new Map<string, readonly string[]>()

/** A few texts of this pattern, the same in every run. */
function matching(pattern: string): readonly string[] {
  const known = samples.get(pattern)
  if (known) return known
  const made = fc.sample(fc.stringMatching(new RegExp(pattern, 'u')), { seed: 7, numRuns: 60 }).filter((text) => text.isWellFormed())
  const phones = /\\\+\[1-9\]/.test(pattern) ? ['+442071234567', '+441632960123', '+15005550006', '+12025550123'] : []
  const fitting = [...phones, ...phones, ...made].filter((text) => text.length < 2000)
  samples.set(pattern, fitting)
  return fitting
}

function fits(schema: Schema, type: unknown, value: string | number): boolean {
  if (type !== 'string')
    return typeof value === 'number' && value >= numberOf(schema.minimum, -Infinity) && value <= numberOf(schema.maximum, Infinity)
  if (typeof value !== 'string' || value.length > numberOf(schema.maxLength, Infinity)) return false
  return typeof schema.pattern !== 'string' || new RegExp(schema.pattern, 'u').test(value)
}
