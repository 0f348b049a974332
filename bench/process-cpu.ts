// CPU of processes that are not Node.js children of the bench, read where the system tells it (proc(5), Linux): a server
// in another language, a crew of processes, and PostgreSQL.
import { readFileSync } from 'node:fs'
import type pg from 'pg'

const ticksPerS = 100

/** What processes have used so far, in microseconds, without their children. */
export const cpuMicrosOf = (pids: readonly number[]): number =>
  (pids.map((pid) => statOf(pid).own).reduce((sum, own) => sum + own, 0) / ticksPerS) * 1e6

/** What all of PostgreSQL's processes have used so far, those that ended included: the postmaster counts them. */
export async function postgresMicros(db: pg.Client): Promise<number | null> {
  try {
    const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const parent = statOf(rows[0]?.pid ?? 0).parent
    const { rows: all } = await db.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
    const ticks = all.map(({ pid }) => statOf(pid).own).reduce((sum, own) => sum + own, statOf(parent).own + statOf(parent).children)
    return (ticks / ticksPerS) * 1e6
  } catch {
    return null // another system, or another machine
  }
}

/** The fields after the name in brackets are state, ppid …; 11 and 12 are its own time, 13 and 14 its ended children's. */
function statOf(pid: number): { parent: number; own: number; children: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const at = (index: number) => fields[index] ?? 0
  return { parent: at(1), own: at(11) + at(12), children: at(13) + at(14) }
}
