// Where a run of the tests keeps what it throws away: in memory where there is room. A new database is 640 files, which take
// 20 ms there and 400 ms on a slow disk.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Scratch {
  readonly folder: string
  remove(): void
}

export interface Memory {
  /** A folder that is kept in memory. */
  readonly at: string
  /** With less, the run goes to the disk. */
  readonly neededBytes: number
}

const shared: Memory = { at: '/dev/shm', neededBytes: 3 * 1024 ** 3 }
const prefix = 'patchbay-run-'

export function openScratch(memory: Memory = shared): Scratch {
  for (const home of [memory.at, tmpdir()]) removeAbandoned(home) // before the room is measured: it may be what takes it
  const home = isRoomy(memory) ? memory.at : tmpdir()
  const folder = mkdtempSync(join(home, `${prefix}${process.pid}-`))
  chmodSync(folder, 0o711) // root's database account passes through
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) }
}

/** Some containers give it 64 MB, some let nothing run that lies there. */
function isRoomy({ at, neededBytes }: Memory): boolean {
  try {
    const { bavail, bsize } = statfsSync(at)
    return bavail * bsize >= neededBytes && runs(at)
  } catch {
    return false // there is none, or it is not ours to write to
  }
}

function runs(folder: string): boolean {
  const own = mkdtempSync(join(folder, prefix))
  try {
    const script = join(own, 'script')
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 })
    return spawnSync(script).status === 0
  } finally {
    rmSync(own, { recursive: true })
  }
}

/** What a killed run left would fill the memory until the machine restarts. What another user's left is theirs to remove. */
function removeAbandoned(home: string): void {
  for (const name of existsSync(home) ? readdirSync(home) : []) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    const folder = join(home, name)
    if (pid && !isAlive(Number(pid)) && statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.())
      rmSync(folder, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
