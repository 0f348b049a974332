// Running programs as another account, and telling processes apart: a process id alone proves nothing,
// because the system gives it to somebody else when its holder has ended.
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** PostgreSQL's programs see none of Patchbay's settings, and speak English. */
export const programEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' }

/** Runs to the end; a program that cannot be started at all answers with code null. */
export function run(program: string, args: readonly string[], account: Account | null, timeoutMs = 120_000): Promise<Outcome> {
  const identity = account ? { uid: account.uid, gid: account.gid } : {}
  return new Promise((resolve) => {
    execFile(program, [...args], { cwd: '/', env: programEnvironment, timeout: timeoutMs, ...identity }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : null) : 0
      resolve({ code, output: `${stdout}${stderr}` || (error?.message ?? '') })
    })
  })
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The command line of a process; empty when it has ended (or is a zombie). */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return inquire(pid, 'command=') // no /proc on this system, or no such process
  }
}

/** Something that is the same as long as this process lives and different for the next holder of its id. */
export function birthMark(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`
  } catch {
    return inquire(pid, 'lstart=')
  }
}

function inquire(pid: number, column: string): string {
  try {
    return execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return '' // ps answers 1 when there is no such process
  }
}

/** Waits until `condition` holds; false when it did not within `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number, everyMs = 10): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    if (await condition()) return true
    if (performance.now() >= deadline) return false
    await pause(everyMs)
  }
}
