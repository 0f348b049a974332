// npm run check: everything that can be judged without running the server, side by side. Says what failed, and ends with 1.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const installed = (...path: string[]) => join(root, 'node_modules', ...path)

interface Check {
  readonly name: string
  readonly args: readonly string[]
}

const checks: readonly Check[] = [
  { name: 'types', args: [installed('typescript', 'bin', 'tsc'), '-p', '.'] },
  { name: 'lint', args: [installed('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'] },
  { name: 'borders', args: ['scripts/borders/index.ts'] },
  { name: 'dead code', args: [installed('knip', 'bin', 'knip.js'), '--no-progress'] },
  ...(existsSync(join(root, 'src', 'cli', 'openapi.ts')) ? [{ name: 'contracts', args: ['src/cli/index.ts', 'openapi', '--check'] }] : []),
]

function run({ name, args }: Check): Promise<boolean> {
  const began = performance.now()
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], { cwd: root, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      console.log(`${error ? '✗' : '✓'} ${name} (${seconds} s)`)
      if (error) console.log(`${stdout}${stderr}`.trimEnd() || error.message)
      resolve(!error)
    })
  })
}

const waiting = [...checks]
const results: boolean[] = []
const worker = async () => {
  for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await run(next))
}
await Promise.all(Array.from({ length: Math.min(4, Math.max(2, availableParallelism())) }, worker))
process.exitCode = results.every(Boolean) ? 0 : 1
