// The database: whether it answers, is new enough, up to date, and keeps organisations apart; and the queue in it.
import { readdir } from 'node:fs/promises'
import type { Settings } from '../../platform/config/index.ts'
import { appliedMigrations, type Database, migrationsFolder, openDatabase } from '../../platform/db/index.ts'
import { openQueue } from '../../platform/jobs/index.ts'
import { systemClock } from '../../platform/time/index.ts'
import { CommandError } from '../terminal.ts'
import { databaseUrl } from '../workshop.ts'
import { selectRole, selectServer, selectUnguarded } from './database.sql.ts'
import { type Finding, inWords, look, off, ok, warning, wrong } from './finding.ts'

const oldestVersion = 150_000

/** `running`: whether there is a database to look at, which without DATABASE_URL means that Patchbay runs here. */
export async function lookAtDatabase(settings: Settings): Promise<{ running: boolean; findings: Finding[] }> {
  let url: string
  try {
    url = await databaseUrl(settings)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { running: false, findings: [off('database', 'the embedded one, which is not running; npm start starts it')] }
  }
  const database = openDatabase({ url, lanes: 1, writers: 1, onError: () => {} }) // what goes wrong shows itself in the answers below
  const advice = settings.database.url
    ? 'Check DATABASE_URL, and that PostgreSQL runs there and lets this user in.'
    : 'The embedded database does not answer: stop Patchbay and start it again.'
  try {
    const reach = await look('database', advice, () => version(database))
    if (reach.state !== 'ok') return { running: true, findings: [reach] }
    const others = [schema(url), rights(database), clocks(database), queue(url)]
    return { running: true, findings: [reach, ...(await Promise.all(others))] }
  } finally {
    await database.close()
  }
}

async function version(database: Database): Promise<string> {
  const [row] = (await database.read(null, selectServer, {})) as { version: number }[]
  if (!row) throw new Error('it answers nothing')
  const major = Math.floor(row.version / 10_000)
  if (row.version < oldestVersion) throw new Error(`PostgreSQL ${major} is too old: 15 or later is needed`)
  return `PostgreSQL ${major}`
}

async function schema(url: string): Promise<Finding> {
  const advice = 'Run ./patchbay migrate.'
  try {
    const applied = new Set(await appliedMigrations(url))
    const there = (await readdir(migrationsFolder)).filter((name) => name.endsWith('.sql')).sort()
    const missing = there.filter((name) => !applied.delete(name))
    if (missing.length > 0) return wrong('schema', `${missing.length} migrations behind: ${missing.join(', ')}`, advice)
    if (applied.size > 0)
      return wrong('schema', `it is newer than this program: ${[...applied].join(', ')}`, 'Run the newer release of Patchbay.')
    return ok('schema', `up to date (${there.at(-1)})`)
  } catch (error) {
    return wrong('schema', inWords(error), advice)
  }
}

async function rights(database: Database): Promise<Finding> {
  try {
    const [role] = (await database.read(null, selectRole, {})) as { name: string; unbound: boolean; owns: number }[]
    const unguarded = (await database.read(null, selectUnguarded, {})) as { name: string }[]
    if (!role || role.unbound || role.owns > 0)
      return wrong(
        'isolation',
        `requests run as ${role?.name ?? 'nobody'}, whom row-level security does not bind`,
        'Take SUPERUSER, BYPASSRLS and tables from that role.',
      )
    if (unguarded.length > 0)
      return wrong(
        'isolation',
        `not guarded: ${unguarded.map(({ name }) => name).join(', ')}`,
        'Row-level security was switched off there: switch it on and force it.',
      )
    return ok('isolation', `requests run as ${role.name}, bound by row-level security`)
  } catch (error) {
    return wrong('isolation', inWords(error), 'Run ./patchbay migrate: it makes the roles and their rights.')
  }
}

async function clocks(database: Database): Promise<Finding> {
  const [row] = (await database.read(null, selectServer, {})) as { now: Date }[]
  const apartS = Math.abs((row?.now.getTime() ?? 0) - systemClock.now().getTime()) / 1000
  const words = `${apartS.toFixed(1)} s apart from the database's`
  return apartS > 5 ? warning('clock', words, 'Tokens and signatures go by the clock: set both by NTP.') : ok('clock', words)
}

async function queue(url: string): Promise<Finding> {
  try {
    const jobs = await openQueue(url)
    try {
      const { queued, running, failed } = await jobs.count()
      const workers = (await jobs.workers()).length
      const words = `${queued} queued, ${running} running, ${failed} failed; ${workers} workers`
      if (failed > 0) return warning('jobs', words, 'See them with ./patchbay jobs, try one again with ./patchbay jobs retry ID.')
      if (workers === 0) return warning('jobs', words, 'Nobody works on them: start ./patchbay work, or ./patchbay up.')
      return ok('jobs', words)
    } finally {
      await jobs.close()
    }
  } catch (error) {
    return wrong('jobs', inWords(error), 'Run ./patchbay migrate.')
  }
}
