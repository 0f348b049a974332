import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { createDatabase, dropDatabase, templateReady, withDatabase } from './postgres.ts'

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows[0]?.[0]
  } finally {
    await client.end()
  }
}

describe('databases for tests', () => {
  test('a template is built once, whoever asks, and its clones do not see each other', async () => {
    let built = 0
    const build = async (url: string) => {
      built += 1
      await ask(url, 'CREATE TABLE notes AS SELECT 1 AS n')
    }
    const name = `template_${process.pid}`
    const names = await Promise.all([templateReady(build, name), templateReady(build, name), templateReady(build, name)])
    expect(names).toEqual([name, name, name])
    expect(built).toBe(1)
    const [one, two] = await Promise.all([createDatabase(name), createDatabase(name)])
    await ask(one.url, 'INSERT INTO notes VALUES (2)')
    expect(await ask(two.url, 'SELECT count(*)::int FROM notes')).toBe(1)
    await Promise.all([one.drop(), two.drop()])
    await dropDatabase(name)
  })

  test('a builder that fails leaves no template, and the next one may try again', async () => {
    const name = `template_broken_${process.pid}`
    await expect(templateReady((url) => ask(url, 'SELECT 1/0').then(() => {}), name)).rejects.toThrow('division by zero')
    await expect(templateReady((url) => ask(url, 'SELECT 1').then(() => {}), name)).resolves.toBe(name)
    await dropDatabase(name)
  })

  test('a connection that outlives its test fails it, by the statement it ran last', async () => {
    const database = await createDatabase()
    const leaked = new pg.Client({ connectionString: database.url })
    leaked.on('error', () => {})
    await leaked.connect()
    await leaked.query('SELECT 42 AS leaked')
    await expect(database.drop()).rejects.toThrow('SELECT 42 AS leaked')
  })

  test('what failed is told, not the connections that were left open by it', async () => {
    const failing = withDatabase('template1', async ({ url }) => {
      const leaked = new pg.Client({ connectionString: url })
      leaked.on('error', () => {})
      await leaked.connect()
      throw new Error('the work failed')
    })
    await expect(failing).rejects.toThrow('the work failed')
    await expect(withDatabase('template1', ({ url }) => ask(url, 'SELECT 7'))).resolves.toBe(7)
  })
})
