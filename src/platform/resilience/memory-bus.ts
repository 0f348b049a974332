// A bus inside one process, for tests: several "processes" share it, and everybody hears everything in one order, the sender too.
import type { Bus } from '../events/index.ts'

export function memoryBus(): Bus & {
  /** How many messages were published. */ readonly sent: () => number
  fail(error: Error | null): void
} {
  const listeners = new Map<string, Set<(payload: unknown) => void>>()
  let sent = 0
  let failure: Error | null = null
  return {
    publish: async (channel, payload) => {
      if (failure) throw failure
      sent += 1
      const text = JSON.stringify(payload)
      await Promise.resolve()
      for (const listener of listeners.get(channel) ?? []) listener(JSON.parse(text))
    },
    subscribe: (channel, listener) => {
      const all = listeners.get(channel) ?? new Set()
      listeners.set(channel, all.add(listener))
      return () => void all.delete(listener)
    },
    sent: () => sent,
    fail: (error) => {
      failure = error
    },
  }
}
