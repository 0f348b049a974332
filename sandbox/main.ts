// Starts the sandbox as a process of its own: `node sandbox/main.ts`. Says on stdout where it listens, in one line of JSON.
import { randomBytes, randomUUID } from 'node:crypto'
import { createClock } from './clock.ts'
import { startSandbox } from './server.ts'
import { readSettings } from './settings.ts'
import { createWorld } from './world.ts'

const settings = readSettings()
const clock = createClock({ wallMs: () => Date.now(), steadyMs: () => performance.now() }, settings.speed)
const world = createWorld(settings, clock, { sid: (prefix) => prefix + randomBytes(16).toString('hex'), uuid: () => randomUUID() })
const sandbox = await startSandbox(world)
process.stdout.write(`${JSON.stringify({ ready: true, baseUrl: sandbox.baseUrl, clamdUrl: sandbox.clamdUrl })}\n`)

const stop = () => process.exit(0)
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
if (settings.tied) {
  // Whoever started this holds the other end; when they are gone, so is the sandbox.
  process.stdin.resume()
  process.stdin.once('end', stop)
  process.stdin.once('close', stop)
}
