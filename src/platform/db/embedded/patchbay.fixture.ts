// A process that does what Patchbay does with its database, for the tests that kill it: starts it, says so on a line
// of JSON, and stops it when its input ends.
import { once } from 'node:events'
import { EmbeddedError, startEmbedded } from '../embedded.ts'

const dataFolder = process.argv[2] ?? ''
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`)
try {
  const embedded = await startEmbedded({ dataFolder, durable: false, onProgress: (step) => say({ step }) })
  say({ url: embedded.url, pid: embedded.pid })
  process.stdin.resume()
  await once(process.stdin, 'end')
  await embedded.stop()
  say({ stopped: true })
} catch (error) {
  if (!(error instanceof EmbeddedError)) throw error
  say({ refused: error.message })
}
