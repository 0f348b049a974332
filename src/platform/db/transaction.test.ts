// Transactions and savepoints on a real PostgreSQL, as the server's own role.
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { type Connection, type Database, migrate, openDatabase, statement } from './index.ts'

const insert = statement<{ n: number }, never>('test_notes_insert', 'INSERT INTO notes (n) VALUES (:n::int)')
const numbers = statement<object, { n: number }>('test_notes_list', 'SELECT n FROM notes ORDER BY n')
const tenant = statement<object, { id: string }>('test_tenant', `SELECT current_setting('app.organization_id', true) AS id`)
const unknownTable = statement<object, never>('test_unknown', 'SELECT * FROM nowhere')

let home: TestDatabase
let database: Database
const ran: string[] = []

beforeAll(async () => {
  home = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
  const owner = new pg.Client({ connectionString: home.url })
  await owner.connect()
  await owner.query('CREATE TABLE notes (n int PRIMARY KEY); GRANT SELECT, INSERT, DELETE ON notes TO patchbay_app')
  await owner.end()
  // One connection: whatever a transaction leaves behind, the next one meets.
  const onError = (error: Error) => expect.unreachable(error.message)
  database = openDatabase({ url: home.url, lanes: 1, writers: 1, onError, onStatement: (name) => ran.push(name) })
})
afterAll(async () => {
  await database.close()
  await home.drop()
})
beforeEach(async () => {
  await database.transaction(1, (tx) => tx.run(statement<object, never>(`test_clear_${ran.length}`, 'DELETE FROM notes'), {}))
})

const kept = async () => ((await database.read(1, numbers, {})) as { n: number }[]).map(({ n }) => n)
class Failure extends Error {}
const fail = () => Promise.reject(new Failure())

describe('a transaction', () => {
  test('is kept when its work returns, with that work’s value', async () => {
    const work = (tx: Connection) => tx.run(insert, { n: 1 }).then(() => 'value')
    expect(await database.transaction(1, work)).toBe('value')
    expect(await kept()).toEqual([1])
  })

  test('leaves nothing when its work throws, before or after a statement', async () => {
    await expect(database.transaction(1, fail)).rejects.toThrow(Failure)
    const late = database.transaction(1, async (tx) => {
      await tx.run(insert, { n: 1 })
      return fail()
    })
    await expect(late).rejects.toThrow(Failure)
    expect(await kept()).toEqual([])
  })

  test('works for its tenant, and leaves the tenant with nobody', async () => {
    const seen = (id: number | null) => database.transaction(id, (tx) => tx.run(tenant, {}))
    expect(await seen(7)).toEqual([{ id: '7' }])
    expect(await seen(null)).toEqual([{ id: '' }])
    expect((await database.pool.query(tenant.text)).rows).toEqual([{ id: '' }])
  })

  test('says nothing to the database when nothing ran', async () => {
    ran.length = 0
    await database.transaction(1, async (tx) => tx.savepoint(async () => {}))
    expect(ran).toEqual(['connect'])
  })

  test('takes commands of its own, which end with it', async () => {
    const shown = statement<object, { value: string }>('test_shown', `SELECT current_setting('lock_timeout') AS value`)
    const hurried = database.transaction(1, async (tx) => {
      await tx.command(`SET LOCAL lock_timeout TO '5s'`)
      return tx.run(shown, {})
    })
    expect(await hurried).toEqual([{ value: '5s' }])
    expect(await database.transaction(1, (tx) => tx.run(shown, {}))).toEqual([{ value: '3s' }])
  })

  test('runs statements that were started together, in that order', async () => {
    await database.transaction(1, (tx) => Promise.all([1, 2, 3].map((n) => tx.run(insert, { n }))))
    expect(await kept()).toEqual([1, 2, 3])
  })

  test('with a failure that its work keeps to itself is refused, not silently lost', async () => {
    const hushed = database.transaction(1, async (tx) => {
      await tx.run(insert, { n: 1 })
      await tx.run(insert, { n: 1 }).catch(() => {})
    })
    await expect(hushed).rejects.toThrow('rolled back')
    expect(await kept()).toEqual([])
  })

  test('after a statement that failed, and one that PostgreSQL could not read, the connection is as good as new', async () => {
    await expect(database.transaction(1, (tx) => tx.run(unknownTable, {}))).rejects.toMatchObject({ code: '42P01' })
    await expect(
      database.transaction(1, (tx) => Promise.all([tx.run(insert, { n: 1 }), tx.run(insert, { n: 1 }), tx.run(numbers, {})])),
    ).rejects.toMatchObject({ code: '23505' })
    await database.transaction(1, (tx) => tx.run(insert, { n: 5 }))
    expect(await database.transaction(1, (tx) => tx.run(numbers, {}))).toEqual([{ n: 5 }])
    await expect(database.transaction(1, (tx) => tx.run(unknownTable, {}))).rejects.toMatchObject({ code: '42P01' })
  })

  test('takes its last statement with the commit, and nothing stays when that fails', async () => {
    await database.transaction(1, async (tx) => tx.runLast(insert, { n: 1 }))
    expect(await kept()).toEqual([1])
    const twice = database.transaction(1, async (tx) => {
      await tx.run(insert, { n: 2 })
      tx.runLast(insert, { n: 1 })
    })
    await expect(twice).rejects.toMatchObject({ code: '23505' })
    expect(await kept()).toEqual([1])
  })
})

describe('a savepoint', () => {
  test('that throws undoes what was done in it, and nothing before or after', async () => {
    await database.transaction(1, async (tx) => {
      await tx.run(insert, { n: 1 })
      await expect(tx.savepoint(() => tx.run(insert, { n: 2 }).then(fail))).rejects.toThrow(Failure)
      await tx.run(insert, { n: 3 })
    })
    expect(await kept()).toEqual([1, 3])
  })

  test('survives a statement that failed in it, as the very first of the transaction too', async () => {
    await database.transaction(1, async (tx) => {
      await expect(tx.savepoint(() => tx.run(unknownTable, {}))).rejects.toMatchObject({ code: '42P01' })
      await tx.run(insert, { n: 1 })
      await expect(tx.savepoint(() => tx.run(insert, { n: 1 }))).rejects.toMatchObject({ code: '23505' })
      await tx.run(insert, { n: 2 })
    })
    expect(await kept()).toEqual([1, 2])
  })

  test('takes with it those inside it that had ended well', async () => {
    await database.transaction(1, async (tx) => {
      await tx.savepoint(() => tx.run(insert, { n: 1 }))
      const outer = tx.savepoint(async () => {
        await tx.run(insert, { n: 2 })
        await tx.savepoint(() => tx.run(insert, { n: 3 }))
        await tx.savepoint(() => tx.run(insert, { n: 4 }))
        return fail()
      })
      await expect(outer).rejects.toThrow(Failure)
      await tx.savepoint(() => tx.run(insert, { n: 5 }))
    })
    expect(await kept()).toEqual([1, 5])
  })

  test('in which nothing ran is undone without a word, inside one that goes on', async () => {
    await database.transaction(1, async (tx) => {
      await tx.savepoint(async () => {
        await expect(tx.savepoint(fail)).rejects.toThrow(Failure)
        await tx.run(insert, { n: 1 })
      })
    })
    expect(await kept()).toEqual([1])
  })
})

describe('a statement for later', () => {
  test('is done with the commit when nothing follows, and before what follows', async () => {
    await database.transaction(1, async (tx) => tx.later(insert, { n: 1 }))
    const seen = await database.transaction(1, async (tx) => {
      tx.later(insert, { n: 2 })
      return tx.run(numbers, {})
    })
    expect(seen).toEqual([{ n: 1 }, { n: 2 }])
    await database.transaction(1, async (tx) => {
      await tx.run(numbers, {})
      tx.later(insert, { n: 3 })
    })
    expect(await kept()).toEqual([1, 2, 3])
  })

  test('that fails undoes the transaction, although nobody waited for it', async () => {
    const work = async (tx: Connection) => {
      await tx.run(insert, { n: 1 })
      tx.later(insert, { n: 1 })
    }
    await expect(database.transaction(1, work)).rejects.toMatchObject({ code: '23505' })
    expect(await kept()).toEqual([])
  })

  test('inside a savepoint goes with it', async () => {
    await database.transaction(1, async (tx) => {
      tx.later(insert, { n: 1 })
      const undone = tx.savepoint(async () => {
        tx.later(insert, { n: 2 })
        return fail()
      })
      await expect(undone).rejects.toThrow(Failure)
      await tx.savepoint(async () => tx.later(insert, { n: 3 }))
    })
    expect(await kept()).toEqual([1, 3])
  })
})
