// A named SQL statement with named parameters. `:organizationId` is filled by the session that runs it,
// so that no caller passes the tenant by hand.

export interface Statement<_Params, _Row> {
  readonly name: string
  readonly text: string
  readonly parameters: readonly string[]
}

type Value = string | number | bigint | boolean | Date | Buffer | null | readonly string[] | readonly number[]
export type ParamsOf<P> = { readonly [K in keyof P]: P[K] }

const names = new Set<string>()

/** `name` is the prepared statement's name on the server: unique in the process, at most 63 characters. */
export function statement<Params, Row>(name: string, sql: string): Statement<Params, Row> {
  if (names.has(name)) throw new Error(`two statements are called ${name}`)
  if (name.length > 63) throw new Error(`statement name ${name} is longer than PostgreSQL keeps`)
  names.add(name)
  const parameters: string[] = []
  const text = sql.replace(/(?<![:\w]):([a-z]\w*)/gi, (_, parameter: string) => {
    let index = parameters.indexOf(parameter)
    if (index < 0) index = parameters.push(parameter) - 1
    return `$${index + 1}`
  })
  return { name, text: text.trim(), parameters }
}

/** Positional values for a statement. An object becomes JSON text; a missing parameter is a programming error. */
export function bindValues(statement: Statement<unknown, unknown>, params: object, organizationId: number | null): unknown[] {
  const given = params as Record<string, unknown>
  return statement.parameters.map((parameter) => {
    if (parameter === 'organizationId') return organizationId
    const value = given[parameter]
    if (value === undefined) throw new Error(`statement ${statement.name} misses the parameter ${parameter}`)
    return wireValue(value)
  })
}

function wireValue(value: unknown): Value {
  if (value === null || typeof value !== 'object' || value instanceof Date || Buffer.isBuffer(value)) return value as Value
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value
  return JSON.stringify(value)
}
