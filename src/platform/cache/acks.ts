// Who has said that a value is forgotten: what others wait to hear from us, and what we wait to hear from them.
// An answer is `number id`. Answers that are owed while some are being sent go together.

import { LRUCache } from 'lru-cache'

export interface Acks {
  /** To be said on that channel as soon as may be. */
  owe(channel: string, word: string): void
  /** Collects the answers to a message from now on. */
  expect(number: number): void
  /** True when the text is an answer. */
  came(text: string): boolean
  /** @param ids who must answer; null when that is not known, then the whole time is waited. @returns who has not */
  wait(number: number, ids: readonly string[] | null, ms: number): Promise<string[]>
  forget(number: number): void
}

interface Collected {
  readonly ids: Set<string>
  heard: () => void
}

const mostAwaited = 10_000

export function openAcks(input: {
  send: (channels: readonly string[], words: readonly string[]) => Promise<unknown>
  failed: (error: unknown) => void
}): Acks {
  // What is rolled back is never waited for: such entries go in their time.
  const collected = new LRUCache<number, Collected>({ max: mostAwaited })
  let owed: { channel: string; word: string }[] = []
  let sending = false

  async function pay(): Promise<void> {
    if (sending) return
    sending = true
    while (owed.length > 0) {
      const now = owed
      owed = []
      await input
        .send(
          now.map(({ channel }) => channel),
          now.map(({ word }) => word),
        )
        .catch(input.failed)
    }
    sending = false
  }

  return {
    owe: (channel, word) => {
      owed.push({ channel, word })
      void pay()
    },
    expect: (number) => void collected.set(number, { ids: new Set(), heard: () => {} }),
    came: (text) => {
      const [, number, id] = /^(\d+) (\w+)$/.exec(text) ?? []
      if (id === undefined) return false
      const entry = collected.get(Number(number))
      entry?.ids.add(id)
      entry?.heard()
      return true
    },
    wait: async (number, ids, ms) => {
      const entry = collected.get(number)
      const missing = () => ids?.filter((id) => !entry?.ids.has(id)) ?? []
      const done = () => ids !== null && missing().length === 0
      if (done()) return []
      const over = Promise.withResolvers<void>()
      const timer = setTimeout(over.resolve, ms)
      if (entry) entry.heard = () => done() && over.resolve()
      await over.promise
      clearTimeout(timer)
      return missing()
    },
    forget: (number) => void collected.delete(number),
  }
}
