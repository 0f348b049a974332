// What earlier answers taught: ids, names and tokens that are there, so that what is made is then read, changed and
// removed. Kept by contract and field; the oldest are forgotten.
import type { Dice } from './dice.ts'
import type { Operation } from './document.ts'

export type Known = string | number

export interface Memory {
  learn(operation: Operation, answer: { readonly status: number; readonly location: string | null; readonly json: unknown }): void
  /** From outside: what the world was built with. */
  add(contract: string, name: string, ...values: readonly Known[]): void
  /** A value for this field of this operation; undefined where none is known. */
  recall(operation: Operation, name: string, dice: Dice): Known | undefined
}

const most = 48

export function openMemory(operations: readonly Operation[]): Memory {
  const shelves = new Map<string, Known[]>()
  const wanted = wantedNames(operations)
  const keep = (key: string, value: Known): void => {
    const shelf = shelves.get(key) ?? []
    shelves.set(key, shelf)
    if (shelf.includes(value)) return
    shelf.push(value)
    if (shelf.length > most) shelf.shift()
  }
  const walk = (operation: Operation, noun: string, value: unknown, depth: number): void => {
    if (depth > 6 || typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string' || typeof inner === 'number') {
        if (name === 'id') keep(`${operation.contract}:${noun}:id`, inner)
        const field = name.replace(/^next(?=[A-Z])/, '').replace(/^[A-Z]/, (letter) => letter.toLowerCase())
        if (wanted.has(field)) keep(`${operation.contract}:${field}`, inner)
      } else walk(operation, Array.isArray(value) || plain.has(name) ? noun : singular(name), inner, depth + 1)
    }
  }
  return {
    add: (contract, name, ...values) => values.forEach((value) => void keep(`${contract}:${name}`, value)),
    learn(operation, { status, location, json }) {
      if (status >= 300 && status !== 302) return
      walk(operation, nounOf(operation.template), json, 0)
      if (location) learnLocation(operations, location, keep)
    },
    recall(operation, name, dice) {
      const noun = operation.path.some((one) => one.name === name) ? nounOf(operation.template) : nounOfField(name)
      const shelf =
        shelves.get(`${operation.contract}:${noun}:${name === noun ? 'id' : idName(name)}`) ?? shelves.get(`${operation.contract}:${name}`)
      return shelf && shelf.length > 0 ? dice.pick(shelf) : undefined
    },
  }
}

/** Envelopes around the things that a path is about. */
const plain = new Set(['data', 'items', 'results', 'users', 'calls', 'recordings', 'appointments', 'voicemails', 'organizations'])
const singular = (name: string): string => name.replace(/ies$/, 'y').replace(/s$/, '')
/** What a path is about: the last word before its first parameter, or its last word. */
export function nounOf(template: string): string {
  const words = template.split('/').filter((word) => word !== '')
  const open = words.findIndex((word) => word.startsWith('{'))
  return singular((open > 0 ? words[open - 1] : words.at(-1)) ?? '')
}
const nounOfField = (name: string): string => name.replace(/(?:_id|Id)$/, '')
const idName = (name: string): string => (/(?:_id|Id)$/.test(name) ? 'id' : name)

function wantedNames(operations: readonly Operation[]): ReadonlySet<string> {
  const names = operations.flatMap(({ path, query, bodies }) => [
    ...[...path, ...query].map(({ name }) => name),
    ...bodies.flatMap(({ schema }) => Object.keys((schema.properties ?? {}) as object)),
  ])
  // A free text that was learnt is only an old free text.
  return new Set(names.filter((name) => name !== 'id' && !/name|notes|password|timezone/i.test(name)))
}

/** A redirect to a place that the document has teaches what stands in its path. */
function learnLocation(operations: readonly Operation[], location: string, keep: (key: string, value: Known) => void): void {
  const path = location.replace(/^\w+:\/\/[^/]+/, '').split('?')[0] ?? ''
  for (const { contract, template, path: parameters } of operations) {
    if (parameters.length !== 1) continue
    const found = new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/, '([^/]+)')}$`).exec(path)
    if (found?.[1])
      keep(
        `${contract}:${nounOf(template)}:${parameters[0]?.name}`,
        /^\d{1,15}$/.test(found[1]) ? Number(found[1]) : decodeURIComponent(found[1]),
      )
  }
}
