// A statement of its own for each set of conditions: PostgreSQL keeps 63 characters of a name, and no name twice.
import { expect, test } from 'vitest'
import { type CallFilterParams, type CallSort, callExport, callPage } from './list.sql.ts'

const conditions = ['from', 'to', 'userId', 'direction', 'status', 'agentId', 'campaignId', 'number'] as const
const nothing = { from: null, to: null, userId: null, direction: null, status: null, agentId: null, campaignId: null, number: null }

/** Every set of conditions, for those who see all and for those who see some. */
const filters: CallFilterParams[] = [true, false].flatMap((all) =>
  Array.from({ length: 2 ** conditions.length }, (_, set) => {
    const chosen = conditions.filter((_name, index) => set & (1 << index))
    return { ...nothing, viewer: null, all, ...Object.fromEntries(chosen.map((name) => [name, 'asked'])) }
  }),
)

test('whatever conditions are combined, each list has a name that PostgreSQL keeps and that no other has', () => {
  const sorts: CallSort[] = ['startTime', '-startTime', 'duration', '-duration']
  const page = { baseUrl: '', question: '', limit: 1, offset: 0, afterKey: null }
  const pages = [
    { afterId: null, total: null },
    { afterId: 'after', total: null },
    { afterId: 'after', total: 7 },
  ]
  const names = filters.flatMap((filter) => [
    callExport(filter).name,
    ...sorts.flatMap((sort) => pages.map((paging) => callPage(sort, { ...filter, ...page, ...paging }).name)),
  ])
  expect(new Set(names).size).toBe(filters.length * 13)
  expect(names.filter((name) => name.length > 63)).toEqual([])
})

test('a page of more calls than the statement looks at is refused', () => {
  const page = { baseUrl: '', question: '', offset: 0, afterKey: null, afterId: null, total: null }
  expect(() => callPage('startTime', { ...nothing, viewer: null, all: true, ...page, limit: 101 })).toThrow('at most 100')
})
