// Dates in queries: any offset, always one. A plus that came through as a space (an offset nobody encoded) is taken as meant.
import { Type } from 'typebox'
import { refuseField } from '../../platform/errors/index.ts'

export const Instant = Type.Optional(Type.String({ maxLength: 64, description: 'ISO 8601 with any offset' }))

const shape = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)$/

/** Null where nothing was given. @throws invalid_request naming the field */
export function instantOf(field: string, given: string | undefined): Date | null {
  if (given === undefined) return null
  const text = given.replace(/ (?=\d{2}(:?\d{2})?$)/, '+')
  const date = shape.test(text) ? parse(text) : null
  const year = date?.getUTCFullYear() ?? 0
  if (!date || year < 1 || year > 9999) return refuseField('query', field, 'must be an ISO 8601 date and time with an offset')
  return date
}

function parse(text: string): Date | null {
  try {
    return new Date(Temporal.Instant.from(text).epochMilliseconds)
  } catch {
    return null // a day or an hour that does not exist, which the caller is told
  }
}

/** Both ends belong to it, `to` with the whole of its second: answers show no more of a time. @throws invalid_request naming `from` or `to` */
export function rangeOf(query: { from?: string; to?: string }): { from: Date | null; to: Date | null } {
  const [from, to] = [instantOf('from', query.from), endOfSecond(instantOf('to', query.to))]
  if (from && to && from > to) refuseField('query', 'to', 'must not be before from')
  return { from, to }
}

const endOfSecond = (at: Date | null): Date | null => (at && at.getTime() % 1000 === 0 ? new Date(at.getTime() + 999) : at)
