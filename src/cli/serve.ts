// patchbay serve: the API alone, in one process or, with `--processes`, in several behind one port.
import cluster from 'node:cluster'
import { parseArgs } from 'node:util'
import { type Environment, loadSettings, readEnvironment, type Settings } from '../platform/config/index.ts'
import { untilAsked } from './asked.ts'
import { say } from './terminal.ts'

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { processes: { type: 'string' } } })
  const environment: Environment = { ...readEnvironment(), ...(values.processes ? { PROCESSES: values.processes } : {}) }
  if (cluster.isWorker) return serveForCrew(loadSettings(environment))
  const settings = loadSettings(environment)
  if (settings.processes > 1) return (await import('./crew.ts')).leadCrew(settings)
  const asked = untilAsked()
  await serve(settings, (address) => say(`Patchbay serves on ${address}`), asked)
  return 0
}

/** Whoever leads the crew hears the terminal's signals too, and decides what they mean. */
async function serveForCrew(settings: Settings): Promise<number> {
  process.on('SIGHUP', () => {})
  const asked = untilAsked(['SIGINT', 'SIGTERM'])
  try {
    await serve(settings, (address) => void process.send?.({ serving: address }), asked)
    return 0
  } finally {
    cluster.worker?.disconnect() // the line to the leader would keep this process from ending
  }
}

async function serve(settings: Settings, onServing: (address: string) => void, asked: Promise<NodeJS.Signals>): Promise<void> {
  const [{ listen, openServing }, { databaseUrl }] = await Promise.all([import('./running.ts'), import('./workshop.ts')])
  const house = await openServing(settings, await databaseUrl(settings))
  let lingerMs = 0
  try {
    onServing(await listen(house, settings))
    // Whoever presses Ctrl-C waits for it.
    if ((await asked) !== 'SIGINT') lingerMs = settings.drainS * 1000
  } finally {
    await house.close({ lingerMs })
  }
}
