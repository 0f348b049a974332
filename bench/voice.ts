// A turn of a phone call: what the caller said comes in, what is said next goes out. Two hundred calls at once talk as
// people do, only faster; then as many turns as there can be.
import type { CallersInput, CallersJob, CallersResult } from './callers.ts'
import { type Child, startChild } from './children.ts'
import { type Server, startContender } from './contenders.ts'
import { atMost, type Section } from './results.ts'
import { median, spreadOf, undisturbed } from './slices.ts'
import { twilioToken, type World } from './world.ts'

/** A caller's sentence and the assistant's last longer than this in truth: the line is busier here. */
export const talkMs = 2500
const talking: CallersJob = { calls: 200, talkMs, durationMs: 10_000 }
const flood: CallersJob = { calls: 200, talkMs: 0, durationMs: 3000 }
const slices = 3

export interface Talk {
  readonly result: CallersResult
  /** For one post of the provider's: a ring, a turn or a hang-up. */
  readonly cpuMicrosPerPost: number
}

export async function withCallers<T>(world: World, work: (callers: Child, server: Server) => Promise<T>): Promise<T> {
  const server = await startContender('patchbay', world)
  const input: CallersInput = { port: server.port, phoneNumber: world.phoneNumber, authToken: twilioToken }
  const callers = await startChild('callers.ts', input)
  try {
    await callers.ask<CallersResult>({ calls: 50, talkMs: 0, durationMs: 4000 }) // warm: code is compiled as it is used
    return await work(callers, server)
  } finally {
    await Promise.all([callers.stop(), server.stop()])
  }
}

export async function talk(callers: Child, server: Server, job: CallersJob): Promise<Talk> {
  const before = await server.cpuMicros()
  const result = await callers.ask<CallersResult>(job)
  return { result, cpuMicrosPerPost: ((await server.cpuMicros()) - before) / result.posts }
}

export function measureVoice(world: World): Promise<Section> {
  return withCallers(world, async (callers, server) => {
    const talks: Talk[] = []
    while (talks.length < slices) talks.push(await talk(callers, server, talking))
    const flooded = await talk(callers, server, flood)
    const cpu = talks.map(({ cpuMicrosPerPost }) => cpuMicrosPerPost)
    const p95 = median(talks.map(({ result }) => result.turns.p95))
    return {
      lines: [
        ...talks.map(({ result }) => lineOf('200 calls at once, each talking between turns', result)),
        lineOf('200 calls at once, none pausing', flooded.result),
        `  CPU of the server, a ring, a turn or a hang-up: ${(undisturbed(cpu) / 1000).toFixed(2)} ms`,
      ],
      targets: [atMost('a voice turn, 200 calls at once: p95', p95, 50, 'ms')],
      costs: [{ name: 'a post of a call', micros: undisturbed(cpu), spread: spreadOf(cpu) }],
      figures: { talks, flooded },
    }
  })
}

export const lineOf = (title: string, { turns: { p50, p95, p99, max }, taken, seconds, booked }: CallersResult): string =>
  `  ${title}: p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms; ` +
  `${taken} turns, ${(taken / seconds).toFixed(0)} a second, ${booked} booked`
