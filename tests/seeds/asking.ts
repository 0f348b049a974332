// Asks as an outsider does, who has only the documentation: HTTP alone, and examples to compare the answers with.
import type { RequestOptions, TestHouse } from '../support/house.ts'

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire has no type until a test has looked at it
export type Wire = any

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Wire
}

export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text()
  const json = response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, headers: response.headers, text, body: json && text ? JSON.parse(text) : null }
}

export type Ask = (method: string, path: string, options?: RequestOptions) => Promise<Reply>

/** `ready` is asked for each request, because credentials are made after the house is. */
export const asker =
  (house: () => TestHouse, credential: () => RequestOptions = () => ({})): Ask =>
  async (method, path, options = {}) =>
    replyOf(await house().request(method, path, { ...credential(), ...options }))

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

/** What an answer lacks beside a documented example, or has of another JSON type; more than the example is welcome. */
export function lacking(example: unknown, given: unknown, at = '$'): string[] {
  if (kindOf(example) !== kindOf(given)) return [`${at} is ${kindOf(given)}, documented is ${kindOf(example)}`]
  if (Array.isArray(example) && Array.isArray(given)) {
    if (example.length === 0) return []
    if (given.length === 0) return [`${at} is empty`]
    return given.flatMap((item, index) => lacking(example[0], item, `${at}[${index}]`))
  }
  if (example === null || typeof example !== 'object') return []
  const has = given as Record<string, unknown>
  return Object.entries(example).flatMap(([key, value]) =>
    key in has ? lacking(value, has[key], `${at}.${key}`) : [`${at}.${key} is missing`],
  )
}

/** As the documents write times: UTC, to the second. */
export const second = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
export const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
