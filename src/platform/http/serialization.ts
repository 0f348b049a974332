// Answers leave through their schema: what it does not name stays inside. Compiled at first use, so that starting
// does not pay for endpoints that nobody asks.
import fastJson from 'fast-json-stringify'
import type { AnyEndpoint } from './endpoint.ts'

export type Serialize = (body: object) => string

/** A body that a cache holds and that is answered again and again: it is made text once. It must not be changed. */
export class Kept {
  readonly value: object
  constructor(value: object) {
    this.value = value
  }
}

export function compileSerializers(endpoint: AnyEndpoint): ReadonlyMap<number, Serialize> {
  const serializers = new Map<number, Serialize>()
  for (const [status, schema] of Object.entries(endpoint.response)) {
    if (schema !== null && typeof schema !== 'string') serializers.set(Number(status), lazily(schema))
  }
  return serializers
}

function lazily(schema: object): Serialize {
  let serialize: Serialize | null = null
  const texts = new WeakMap<object, string>()
  return (body) => {
    serialize ??= fastJson(schema as Parameters<typeof fastJson>[0]) as Serialize
    if (!(body instanceof Kept)) return serialize(body)
    const text = texts.get(body.value) ?? serialize(body.value)
    texts.set(body.value, text)
    return text
  }
}
