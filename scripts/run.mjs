// node scripts/run.mjs <arguments of node>: sets up when needed, then runs the project's own Node.js with them.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { setUpOrEnd } from './setup.mjs'

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 20) {
  process.stderr.write(`Patchbay's set-up needs Node.js 20 or later; this is ${process.version}.\n`)
  process.exit(1)
}

const node = await setUpOrEnd()
const path = `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`
/** As the launcher `patchbay` has it: what is tested and measured is what runs. */
const memory = '--min-semi-space-size=16'
const child = spawn(node, [memory, ...process.argv.slice(2)], { stdio: 'inherit', env: { ...process.env, PATH: path } })
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
// A terminal sends Ctrl-C to both; from anywhere else it reaches this process alone.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
child.once('error', (error) => {
  process.stderr.write(`${node} could not be started: ${error.message}\n`)
  process.exit(1)
})
child.once('exit', (code, signal) => process.exit(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1)))
