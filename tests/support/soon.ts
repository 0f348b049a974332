import { setTimeout as pause } from 'node:timers/promises'

const everyMs = 5
const mostMs = 50

/**
 * Until nothing in `check` fails any more. A promise that names a time says it in `withinMs`; a round counts for at most 50 ms, so that
 * a machine which gives this process no turn for a while breaks no promise of the product's.
 */
export async function soon(check: () => unknown, withinMs = 15_000): Promise<void> {
  for (let spentMs = 0; ; ) {
    const began = performance.now()
    try {
      await check()
      return
    } catch (error) {
      if (spentMs > withinMs) throw error
    }
    await pause(everyMs)
    spentMs += Math.min(performance.now() - began, mostMs)
  }
}
