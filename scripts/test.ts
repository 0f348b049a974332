// Runs the tests and ends with exactly one line that says how it went, whatever happens in between. Fails when a test
// failed, and when none ran. Arguments go to vitest: `npm test -- src/platform/db`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openScratch } from './scratch.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = openScratch()
const tallyFile = join(scratch.folder, 'tally')

try {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATCHBAY_TALLY: tallyFile,
      TMPDIR: scratch.folder,
      // What a test starts is compiled once, as `./patchbay` has it: a server takes a second less to start.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'patchbay'),
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.stdin.isTTY || child.kill(signal))
  const [code] = await once(child, 'exit')
  const line = existsSync(tallyFile) ? readFileSync(tallyFile, 'utf8').trim() : '0 passed, 1 failed'
  const went = /^([1-9]\d*) passed, 0 failed/.test(line)
  process.exitCode = code === 0 && !went ? 1 : (code ?? 1)
  console.log(line)
} finally {
  scratch.remove()
}
