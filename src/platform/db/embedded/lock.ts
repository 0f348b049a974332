// One Patchbay for one data folder. The lock is a file that names its holder; a holder that has ended holds nothing.
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { EmbeddedError } from './error.ts'
import { birthMark } from './process.ts'

interface Holder {
  readonly pid: number
  readonly born: string
}

/** Takes the lock or says who has it. Returns how to give it back. */
export function takeLock(path: string, folder: string): () => void {
  const mine: Holder = { pid: process.pid, born: birthMark(process.pid) }
  const text = `${JSON.stringify(mine)}\n`
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, text, { mode: 0o600 })
  try {
    for (;;) {
      if (tryLink(draft, path)) return () => release(path, text)
      const found = readText(path)
      const holder = parseHolder(found)
      if (holder && holds(holder)) {
        throw new EmbeddedError(
          `${folder} is in use by the Patchbay with process id ${holder.pid}. Stop it first, or set PATCHBAY_DATA to another folder.`,
        )
      }
      setAside(path, found)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

/** The holder of the lock, while it lives. */
export function lockHolder(path: string): number | null {
  const holder = parseHolder(readText(path))
  return holder && holds(holder) ? holder.pid : null
}

const holds = (holder: Holder): boolean => holder.born !== '' && birthMark(holder.pid) === holder.born

function release(path: string, text: string): void {
  if (readText(path) === text) rmSync(path, { force: true })
}

/** Moves a dead holder's lock away; one that was taken in the meantime is put back. */
function setAside(path: string, stale: string): void {
  const aside = `${path}.stale-${randomBytes(6).toString('hex')}`
  try {
    renameSync(path, aside)
    if (readText(aside) !== stale) tryLink(aside, path)
    rmSync(aside, { force: true })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error // somebody else has moved it
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('born' in value)) return null
    return { pid: Number(value.pid), born: String(value.born) }
  } catch {
    return null // a lock that a crash left half-written names nobody
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
