// Twilio's list pages: newest first, `PageSize`, and a `next_page_uri` whose token names the last item of the page, so that
// what arrives meanwhile neither repeats nor hides an item.
import { type Answer, type Asked, json } from '../http.ts'

const usualSize = 50
const mostSize = 1_000

export interface Listed<T> {
  /** The name of the list in the answer. */
  name: string
  items: T[]
  sid: (item: T) => string
  render: (item: T) => unknown
}

export function pageOf<T>(asked: Asked, list: Listed<T>): Answer {
  const size = Math.min(Math.max(Number(asked.query.get('PageSize') ?? usualSize) || usualSize, 1), mostSize)
  const page = Math.max(0, Math.trunc(Number(asked.query.get('Page') ?? 0)) || 0)
  const token = asked.query.get('PageToken')
  const after = token ? list.items.findIndex((item) => `PA${list.sid(item)}` === token) + 1 : page * size
  const shown = list.items.slice(after, after + size)
  const last = shown.at(-1)
  const more = last !== undefined && after + size < list.items.length
  return json(200, {
    [list.name]: shown.map(list.render),
    page,
    page_size: size,
    start: after,
    end: after + Math.max(0, shown.length - 1),
    uri: `${asked.path}${asked.query.size > 0 ? `?${asked.query}` : ''}`,
    first_page_uri: uriOf(asked, size, 0, null),
    next_page_uri: more ? uriOf(asked, size, page + 1, `PA${list.sid(last)}`) : null,
    previous_page_uri: page > 0 ? uriOf(asked, size, page - 1, null) : null,
  })
}

function uriOf(asked: Asked, size: number, page: number, token: string | null): string {
  const query = new URLSearchParams(asked.query)
  query.set('PageSize', String(size))
  query.set('Page', String(page))
  query.delete('PageToken')
  if (token) query.set('PageToken', token)
  return `${asked.path}?${query}`
}
