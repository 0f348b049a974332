// Work that strangers can ask for (an unknown key's name is enough) runs at most once per cool-down.
import type { Clock } from '../time/index.ts'

/** Those who ask while it runs wait for that run; those who ask during the cool-down, counted from its start, go without. */
export function rarely(work: () => Promise<void>, cooldownMs: number, clock: Clock): () => Promise<void> {
  let running: Promise<void> | null = null
  let began: number | null = null
  return async () => {
    const now = clock.now().getTime()
    // The distance, so that a clock that was set back does not stop it.
    if (!running && (began === null || Math.abs(now - began) >= cooldownMs)) {
      began = now
      running = work().finally(() => {
        running = null
      })
    }
    await running
  }
}
