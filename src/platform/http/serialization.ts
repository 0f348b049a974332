// Answers leave through their schema: what it does not name stays inside. Compiled at first use, so that starting
// does not pay for endpoints that nobody asks.
import fastJson from 'fast-json-stringify'
import type { AnyEndpoint } from './endpoint.ts'

export type Serialize = (body: object) => string

export function compileSerializers(endpoint: AnyEndpoint): ReadonlyMap<number, Serialize> {
  const serializers = new Map<number, Serialize>()
  for (const [status, schema] of Object.entries(endpoint.response)) {
    if (schema !== null && typeof schema !== 'string') serializers.set(Number(status), lazily(schema))
  }
  return serializers
}

function lazily(schema: object): Serialize {
  let serialize: Serialize | null = null
  return (body) => {
    serialize ??= fastJson(schema as Parameters<typeof fastJson>[0]) as Serialize
    return serialize(body)
  }
}
