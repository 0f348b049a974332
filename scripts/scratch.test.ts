import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openScratch } from './scratch.ts'

let memory: string
beforeEach(() => {
  memory = mkdtempSync(join(tmpdir(), 'patchbay-memory-'))
})
afterEach(() => rmSync(memory, { recursive: true, force: true }))

/** The id of a process that has ended. */
const gone = () => spawnSync('/bin/sh', ['-c', 'echo $$']).stdout.toString().trim()
const folderOf = (pid: string | number) => {
  const folder = join(memory, `patchbay-run-${pid}-abc`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'something'), 'left')
  return folder
}

describe('what a run throws away', () => {
  test('lies in memory where there is room, and is gone with the run', () => {
    const scratch = openScratch({ at: memory, neededBytes: 1 })
    expect(dirname(scratch.folder)).toBe(memory)
    writeFileSync(join(scratch.folder, 'a'), 'b')
    scratch.remove()
    expect(readdirSync(memory)).toEqual([])
  })

  test.each([
    ['there is too little', () => ({ at: memory, neededBytes: Number.MAX_SAFE_INTEGER })],
    ['there is none', () => ({ at: join(memory, 'nowhere'), neededBytes: 1 })],
  ])('lies on the disk where %s', (_, wanted) => {
    const scratch = openScratch(wanted())
    expect(dirname(scratch.folder)).toBe(tmpdir())
    scratch.remove()
    expect(readdirSync(memory)).toEqual([])
  })

  test('is removed by the next run when its own was killed, and kept while that goes on', () => {
    const [abandoned, inUse] = [folderOf(gone()), folderOf(process.ppid)]
    openScratch({ at: memory, neededBytes: 1 }).remove()
    expect([existsSync(abandoned), existsSync(inUse)]).toEqual([false, true])
  })

  test('is removed though the next run finds too little room: it may be what takes it', () => {
    const abandoned = folderOf(gone())
    openScratch({ at: memory, neededBytes: Number.MAX_SAFE_INTEGER }).remove()
    expect(existsSync(abandoned)).toBe(false)
  })
})
