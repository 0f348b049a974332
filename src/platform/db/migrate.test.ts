// Migrations: fresh, twice, two processes at once, under a server's traffic, and never rewritten. Over data and interrupted:
// tests/schema.
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestHouse } from '../../../tests/support/house.ts'
import { createDatabase, type TestDatabase, templateReady } from '../../../tests/support/postgres.ts'
import { appliedMigrations, migrate, migrationsFolder } from './index.ts'

const all = readdirSync(migrationsFolder)
  .filter((name) => name.endsWith('.sql'))
  .sort()
let folder: string
let home: TestDatabase

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'migrations of 100% #1 '))
  cpSync(migrationsFolder, folder, { recursive: true })
})
const empty = async () => {
  home = await createDatabase()
}
const upToDate = async () => {
  home = await createDatabase(await templateReady(async (url) => void (await migrate({ url }))))
}
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  await home?.drop()
})

async function ask<T extends object>(sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: home.url })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

describe('the schema', () => {
  test('is brought up from nothing, and a second time nothing is left to do', async () => {
    await empty()
    expect(await migrate({ url: home.url, folder })).toEqual(all)
    expect(await migrate({ url: home.url, folder })).toEqual([])
    expect((await appliedMigrations(home.url)).sort()).toEqual(all)
  })

  test('is brought up once by two processes that start together', async () => {
    await empty()
    const both = await Promise.all([migrate({ url: home.url, folder }), migrate({ url: home.url, folder })])
    expect(both.flat()).toEqual(all)
  })

  test('whose past was edited is refused, and nothing is applied', async () => {
    await upToDate()
    appendFileSync(join(folder, all[0] ?? ''), '\n-- an afterthought')
    writeFileSync(join(folder, '9999_later.sql'), 'CREATE TABLE public.later (n int);')
    await expect(migrate({ url: home.url, folder })).rejects.toThrow(`${all[0]} was applied in another form`)
    expect(await ask(`SELECT to_regclass('public.later') AS later`)).toEqual([{ later: null }])
  })

  test('that fails half-way leaves nothing of the migration that failed', async () => {
    await upToDate()
    writeFileSync(join(folder, '9998_good.sql'), 'CREATE TABLE platform.good (n int);')
    writeFileSync(join(folder, '9999_bad.sql'), 'CREATE TABLE platform.bad (n int); SELECT * FROM nowhere;')
    await expect(migrate({ url: home.url, folder })).rejects.toThrow('9999_bad.sql failed')
    expect(await ask(`SELECT to_regclass('platform.good') IS NOT NULL AS good, to_regclass('platform.bad') IS NULL AS clean`)).toEqual([
      { good: true, clean: true },
    ])
  })
})

describe('under traffic', () => {
  test('a column is added while requests go on, and none fails', async () => {
    const house = await openTestHouse()
    writeFileSync(join(folder, '9999_colour.sql'), 'ALTER TABLE contacts.contacts ADD COLUMN colour text;')
    let busy = true
    const statuses: number[] = []
    const ask = async (client: number) => {
      for (let n = 0; busy; n++) {
        const mobile = `+4477009${client}${String(n).padStart(4, '0')}`
        const made = await house.request('POST', '/users', { key: house.org.apiKey, json: { full_name: 'Ada Lovelace', mobile } })
        const list = await house.request('GET', '/users?limit=5', { key: house.org.apiKey })
        statuses.push(made.status, list.status)
      }
    }
    const clients = [1, 2, 3, 4].map(ask)
    await migrate({ url: house.databaseUrl, folder })
    busy = false
    await Promise.all(clients)
    expect([...new Set(statuses)].sort()).toEqual([200, 201])
    await house.close()
  })

  test('a migration that cannot have its lock gives up in words, and the server goes on', async () => {
    await upToDate()
    writeFileSync(join(folder, '9999_colour.sql'), 'ALTER TABLE contacts.contacts ADD COLUMN colour text;')
    const holder = new pg.Client({ connectionString: home.url })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE contacts.contacts IN ACCESS SHARE MODE')
    const patience = { lockTimeoutMs: 200, attempts: 2, pauseMs: 10 }
    await expect(migrate({ url: home.url, folder, patience })).rejects.toThrow(
      '9999_colour.sql failed: canceling statement due to lock timeout',
    )
    await holder.query('COMMIT')
    expect(await migrate({ url: home.url, folder })).toEqual(['9999_colour.sql'])
    await holder.end()
  })
})
