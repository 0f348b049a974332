// The secret key of an installation that was given none: made once, kept in the data folder for its owner alone.
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @throws what the operating system says when the folder cannot be written */
export function readSecretKey(dataFolder: string): string {
  const path = join(dataFolder, 'secret.key')
  try {
    return kept(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    make(dataFolder, path)
    return kept(path)
  }
}

function kept(path: string): string {
  const key = readFileSync(path, 'utf8').trim()
  if (key.length < 16) throw new Error(`${path} holds no key; put it back from a backup, or remove it if nothing was sealed under it`)
  return key
}

/** Of two processes that make one at the same time, the first one's stays. */
function make(dataFolder: string, path: string): void {
  // The embedded database's account passes through the folder when root owns it.
  mkdirSync(dataFolder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${randomBytes(48).toString('base64')}\n`, { mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(draft)
  }
}
