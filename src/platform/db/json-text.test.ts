import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../../../tests/support/postgres.ts'
import { json } from './index.ts'

let home: TestDatabase
let client: pg.Client
beforeAll(async () => {
  home = await createDatabase()
  client = new pg.Client({ connectionString: home.url })
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await home?.drop()
})

const read = async (what: json.Text, values: unknown[]): Promise<unknown> => {
  const { rows } = await client.query<{ json: string }>(`SELECT ${json.written(what)} AS json`, values)
  return JSON.parse(rows[0]?.json ?? '')
}

const anyText = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''))

describe('an object written by PostgreSQL', () => {
  test('says any text as it is, whatever JSON or format() would make of its signs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, fc.stringMatching(/^[%"\\$s{}\n\t]*$/)), fc.option(anyText), async (text, perhaps) => {
        const both = json.object({ text: json.escaped('$1::text'), perhaps: json.escapedOrNull('$2::text') })
        expect(await read(both, [text, perhaps])).toEqual({ text, perhaps })
      }),
    )
  })

  test('says numbers, words, booleans and objects in objects; and null for what there is not', async () => {
    const one = json.object({
      number: json.bare('$1::bigint'),
      id: json.quoted('$2::uuid'),
      yes: json.bareOrNull('$1::bigint > 0'),
      inner: json.object({ list: json.bare(`SELECT json_agg(n) FROM generate_series(1, 3) AS n`) }),
      none: json.bareOrNull('NULL::integer'),
      nobody: json.quotedOrNull('NULL::uuid'),
      nothing: json.escapedOrNull('NULL::text'),
      somebody: json.quotedOrNull('$2::uuid'),
    })
    const id = '01a22ee6-b000-7000-8000-000000000000'
    expect(await read(one, ['7', id])).toEqual({
      number: 7,
      id,
      yes: true,
      inner: { list: [1, 2, 3] },
      none: null,
      nobody: null,
      nothing: null,
      somebody: id,
    })
  })
})
