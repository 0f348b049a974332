// Events to a crowd: how many deliveries a second one process makes, and how long an event takes to its clients.
import { type Child, startChild } from './children.ts'
import type { Latency } from './latency.ts'
import type { ListenersJob, ListenersReport } from './listeners.ts'

export interface Crowd {
  ask(job: ListenersJob): Promise<ListenersReport>
  /** Waits until everybody has heard the last event of their organisation. @param ends by token, as they were given */
  caughtUp(ends: readonly number[], withinMs: number): Promise<ListenersReport>
  stop(): Promise<void>
}

export async function gatherCrowd(): Promise<Crowd> {
  const child: Child = await startChild('listeners.ts', {})
  const ask = (job: ListenersJob) => child.ask<ListenersReport>(job)
  return {
    ask,
    stop: () => child.stop(),
    async caughtUp(ends, withinMs) {
      const deadline = performance.now() + withinMs
      for (;;) {
        const report = await ask({ do: 'report' })
        const missing = behind(report, ends)
        if (missing === 0) return report
        if (performance.now() > deadline)
          throw new Error(`${missing} clients have not heard everything: ${JSON.stringify(report).slice(0, 1000)}`)
        await new Promise((resolve) => setTimeout(resolve, 50)) // asking costs the crowd what it is measured by
      }
    },
  }
}

const behind = ({ at }: ListenersReport, ends: readonly number[]): number =>
  at
    .flatMap((counts, tenant) => Object.entries(counts).filter(([last]) => !(Number(last) >= (ends[tenant] ?? 0))))
    .reduce((sum, [, count]) => sum + count, 0)

export interface EventsJob {
  readonly crowd: Crowd
  readonly events: number
  /** Between one event and the next, wherever they happen. */
  readonly everyMs: number
  /** Lets the `index`th happen; the stamp is to be its `sentAt`. @returns where the feeds end now, by token */
  readonly emit: (index: number, sentAt: number) => Promise<void>
  readonly ends: () => Promise<number[]>
}

export interface EventsResult {
  readonly deliveries: number
  readonly deliveriesPerS: number
  readonly latency: Latency
}

export async function measureEvents({ crowd, events, everyMs, emit, ends }: EventsJob): Promise<EventsResult> {
  await crowd.ask({ do: 'report', forget: true })
  const began = performance.now()
  const written: Promise<void>[] = []
  for (let index = 0; index < events; index++) {
    const due = began + index * everyMs
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
    written.push(emit(index, performance.timeOrigin + performance.now()))
  }
  await Promise.all(written)
  const { heard, latency } = await crowd.caughtUp(await ends(), 60_000)
  return { deliveries: heard, deliveriesPerS: heard / ((performance.now() - began) / 1000), latency }
}
