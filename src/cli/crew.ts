// Several processes behind one port. The leader opens the port and does nothing else: connections are handed to the crew
// by node:cluster, and one that nobody took in time is handed to the next, so none is lost when a process ends. Who ends
// unasked is replaced; a crew that keeps ending is given up, in words. SIGHUP replaces them one by one: the newcomer
// serves before the one it replaces is let go.
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Settings } from '../platform/config/index.ts'
import { type StopSignal, untilAsked } from './asked.ts'
import { tryPort } from './port.ts'
import { redealWhenKilled } from './redeal.ts'
import { dim, say, yellow } from './terminal.ts'

interface Member {
  readonly worker: Worker
  /** Its address, once it serves; rejects when it ends before. */
  readonly serving: Promise<string>
  /** How it ended. */
  readonly ended: Promise<string>
  /** Nobody minds its end: it was asked to go, or it never served. */
  expected: boolean
}

interface Crew {
  readonly members: Set<Member>
  readonly hire: () => Member
  /** When its members ended unasked, in the last minute. */
  endings: number[]
  stopping: boolean
}

/** So many unasked ends in a minute, and there is something wrong that another start does not mend. */
const endingsToGiveUp = 5
const minuteMs = 60_000
const firstPauseMs = 250
/** What a process takes at the most to start; to finish, beyond its time to drain. */
const startMs = 60_000
const finishMs = 40_000

/** @throws CommandError when the port cannot be had */
export async function leadCrew(settings: Settings): Promise<number> {
  const terminal = process.stdout.isTTY
  const stops: StopSignal[] = terminal ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM']
  const asked = untilAsked(stops).then((signal) => ({ code: 0, reason: signal as string }))
  const lost = Promise.withResolvers<{ code: number; reason: string }>()
  const crew = await openCrew(settings, (reason) => lost.resolve({ code: 1, reason }))
  let rolling = Promise.resolve()
  const onHangUp = () => {
    rolling = rolling.then(() => roll(crew, settings))
  }
  if (!terminal) process.on('SIGHUP', onHangUp)
  try {
    const first = Array.from({ length: settings.processes }, () => crew.hire())
    const up = Promise.all(first.map(({ serving }) => serving))
    const early = await Promise.race([asked, up.then(([address]) => ({ address }))])
    if ('address' in early) {
      if (!settings.redis) say(yellow('Without REDIS_URL each process counts limits for itself.'))
      say(`Patchbay serves on ${early.address} with ${settings.processes} processes`)
    }
    const { code, reason } = await Promise.race([asked, lost.promise])
    say(code === 0 ? dim(`Stopping (${reason}) …`) : reason)
    return code
  } catch (error) {
    if (!(error instanceof NeverServed)) throw error
    say('Patchbay did not start.') // the process itself has said why
    return 1
  } finally {
    crew.stopping = true
    await Promise.all([...crew.members].map((member) => dismiss(member, settings)))
  }
}

class NeverServed extends Error {}

async function openCrew(settings: Settings, giveUp: (reason: string) => void): Promise<Crew> {
  await tryPort(settings)
  // With port 0 each process would be given one of its own.
  const port = settings.port || (await freePort(settings.host))
  cluster.setupPrimary({ args: ['serve'] })
  const crew: Crew = {
    members: new Set(),
    endings: [],
    stopping: false,
    hire() {
      const member = hire(port)
      crew.members.add(member)
      void member.ended.then((how) => {
        crew.members.delete(member)
        if (!member.expected && !crew.stopping) void replace(crew, how, giveUp)
      })
      return member
    },
  }
  return crew
}

function hire(port: number): Member {
  const worker = cluster.fork({ PORT: String(port) })
  redealWhenKilled(worker)
  const ended = once(worker, 'exit').then(([code, signal]) => (signal ? `by ${signal}` : `with ${code}`))
  const serving = Promise.withResolvers<string>()
  const member: Member = { worker, ended, serving: serving.promise, expected: true }
  worker.on('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('serving' in message)) return
    member.expected = false
    serving.resolve(String(message.serving))
  })
  const late = setTimeout(() => worker.process.kill('SIGKILL'), startMs)
  void serving.promise.then(
    () => clearTimeout(late),
    () => clearTimeout(late),
  )
  void ended.then((how) => serving.reject(new NeverServed(how)))
  return member
}

/** Instead of one that ended unasked. */
async function replace(crew: Crew, how: string, giveUp: (reason: string) => void): Promise<void> {
  const now = performance.now()
  crew.endings = [...crew.endings.filter((at) => at > now - minuteMs), now]
  const count = crew.endings.length
  if (count >= endingsToGiveUp) return giveUp(`Processes ended ${count} times within a minute, the last one ${how}. Patchbay gives up.`)
  say(yellow(`A process ended ${how}; another one takes its place.`))
  await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** (count - 1)))
  if (crew.stopping) return
  const member = crew.hire()
  await member.serving.catch(() => (crew.stopping ? undefined : replace(crew, 'before it served', giveUp)))
}

/** A newcomer for each, one after the other. When one does not come up, the rest stay as they are. */
async function roll(crew: Crew, settings: Settings): Promise<void> {
  for (const member of [...crew.members].filter(({ expected }) => !expected)) {
    if (crew.stopping) return
    try {
      await crew.hire().serving
    } catch (error) {
      say(yellow(`A new process ended ${error instanceof Error ? error.message : error} before it served; the present ones stay.`))
      return
    }
    await dismiss(member, settings)
  }
  say('Every process has been replaced.')
}

async function dismiss(member: Member, { drainS }: Settings): Promise<void> {
  member.expected = true
  member.worker.process.kill('SIGTERM')
  const late = setTimeout(() => member.worker.process.kill('SIGKILL'), drainS * 1000 + finishMs)
  await member.ended
  clearTimeout(late)
}

async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host)
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
