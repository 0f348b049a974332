// Event streams: what a delivery costs, how long an event takes to its clients, and the memory of one process with a crowd
// listening. Another process writes, as it would.
import { openHouse } from '../src/main.ts'
import { systemPrincipal } from '../src/platform/auth/index.ts'
import { loadSettings } from '../src/platform/config/index.ts'
import { createLogger } from '../src/platform/telemetry/index.ts'
import { type Figures, startChild } from './children.ts'
import { gatherCrowd, measureEvents } from './events.ts'
import { atMost, type Section } from './results.ts'
import type { World } from './world.ts'

const clients = 2000
const events = 100
const everyMs = 50
const streams = { EVENT_STREAMS_PER_CALLER: '20000', EVENT_STREAMS_PER_ORGANIZATION: '20000' }

/** All clients are of one organisation, which is the loudest there can be: every event goes to every one of them. */
export async function measureCrowd(world: World): Promise<Section> {
  const server = await startChild('contenders/patchbay.ts', { ...world, environment: { ...world.environment, ...streams } })
  const settings = loadSettings(world.environment)
  const house = await openHouse({ settings, databaseUrl: world.databaseUrl, log: createLogger({ level: 'error' }) })
  const crowd = await gatherCrowd()
  const session = house.openSession(systemPrincipal(world.organizationId, 'bench'))
  const emit = (index: number, sentAt: number) =>
    session.write(async (tx) => tx.emit('call.ringing', { index, sentAt, text: '' }, { audit: false }))
  const ends = async () => [(await house.feed.bounds(world.organizationId)).end]
  try {
    const empty = await server.ask<Figures>({})
    await crowd.ask({ do: 'open', port: empty.port, count: clients, tokens: [world.token] })
    await emit(0, performance.timeOrigin + performance.now()) // until they have heard one, nobody knows where they are
    await crowd.caughtUp(await ends(), 60_000)
    const before = await server.ask<Figures>({})
    const result = await measureEvents({ crowd, events, everyMs, emit, ends })
    const after = await server.ask<Figures>({})
    const { wrong } = await crowd.ask({ do: 'report' })
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
    const cpuMicros = (after.cpuMicros - before.cpuMicros) / result.deliveries
    const kibPerClient = ((after.rssMib - empty.rssMib) * 1024) / clients
    return {
      lines: [
        `  ${clients} streams of one organisation, ${events} events, one every ${everyMs} ms: ${result.deliveries.toLocaleString('en')} deliveries, each once and in order`,
        `  ${result.deliveriesPerS.toFixed(0)} deliveries a second were asked for; one costs ${cpuMicros.toFixed(1)} µs of CPU: ${(1e6 / cpuMicros).toFixed(0)} a second for a core`,
        `  event to client p50 ${result.latency.p50.toFixed(0)}, p99 ${result.latency.p99.toFixed(0)} ms; memory ${after.rssMib.toFixed(0)} MiB, ${kibPerClient.toFixed(1)} KiB a client`,
      ],
      targets: [
        atMost('event to client: p99', result.latency.p99, 100, 'ms'),
        atMost('10,000 streams, at this memory a client', empty.rssMib + (kibPerClient * 10_000) / 1024, 1024, 'MiB'),
      ],
      costs: [{ name: 'a delivery', micros: cpuMicros, spread: null }],
      figures: { result, cpuMicros, kibPerClient, rssMib: after.rssMib },
    }
  } finally {
    await Promise.all([crowd.stop(), house.close()])
    await server.stop()
  }
}
