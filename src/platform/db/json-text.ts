// SQL that writes objects as JSON text, for pages of many rows: one `format` for each. PostgreSQL's own functions for it look
// up the type of each value anew for each row, and take longer for that than for reading the row.

/** A part of a `format`: its text, with a place for each of its values. */
export interface Text {
  readonly text: string
  readonly values: readonly string[]
}

/** A number, or what is JSON already. NULL would leave its place empty: this and the next two are for what is never NULL. */
export const bare = (sql: string): Text => ({ text: '%s', values: [`(${sql})`] })
/** What has nothing to escape: an identity, a time, a word of a fixed set. */
export const quoted = (sql: string): Text => ({ text: '"%s"', values: [`(${sql})`] })
/** Any text. */
export const escaped = (sql: string): Text => ({ text: '%s', values: [`to_json((${sql}))`] })

/** The same for what may be NULL. A boolean is told to be text: `format` would say it in one letter. */
export const bareOrNull = (sql: string): Text => bare(`coalesce((${sql})::text, 'null')`)
export const quotedOrNull = (sql: string): Text => bare(`coalesce('"' || (${sql}) || '"', 'null')`)
export const escapedOrNull = (sql: string): Text => bare(`coalesce(to_json((${sql}))::text, 'null')`)

/** Members without an object around them yet. */
export function members(named: Readonly<Record<string, Text>>): Text {
  const places = Object.entries(named).map(([name, { text }]) => `"${name}":${text}`)
  return { text: places.join(','), values: Object.values(named).flatMap(({ values }) => values) }
}

/** An object of members, those of several after one another. */
export const objectOf = (...parts: readonly Text[]): Text => ({
  text: `{${parts.map(({ text }) => text).join(',')}}`,
  values: parts.flatMap(({ values }) => values),
})
export const object = (named: Readonly<Record<string, Text>>): Text => objectOf(members(named))

/** @returns SQL of a text */
export const written = ({ text, values }: Text): string => `format('${text}', ${values.join(', ')})`
