// npm run chaos [-- --short] [names]: tests/chaos at length. `--short` is what CI runs: the same promises, fewer rounds.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const short = process.argv.includes('--short')
const names = process.argv.slice(2).filter((argument) => argument !== '--short')
const child = spawn(process.execPath, ['scripts/test.ts', '--config', 'vitest.chaos.config.ts', ...names], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
  env: { ...process.env, PATCHBAY_CHAOS: short ? 'short' : 'full' },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.stdin.isTTY || child.kill(signal))
child.once('exit', (code) => process.exit(code ?? 1))
