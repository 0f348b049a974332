// Two understandings as one: the second answers the same turn when the first fails, is slow, or is not to be asked.
// The caller on the line never waits longer than the budget for the first.
import type { Understanding, Understood } from '../../domain/conversation/index.ts'

export interface FallbackOptions {
  budgetMs: number
  /** False while the first one's circuit is open. */
  available?: () => boolean
  /** Told why the second had to answer: a count, a log line. */
  onFallback?: (reason: 'unavailable' | 'slow' | 'failed', cause: unknown) => void
}

class TooSlow extends Error {}

export function fallback(primary: Understanding, secondary: Understanding, options: FallbackOptions): Understanding {
  const name = `${primary.name}, else ${secondary.name}`
  return {
    name,
    async extract(text, hint, signal) {
      const second = async (reason: 'unavailable' | 'slow' | 'failed', cause: unknown): Promise<Understood> => {
        options.onFallback?.(reason, cause)
        return { ...(await secondary.extract(text, hint, signal)), usedFallback: true }
      }
      if (options.available && !options.available()) return second('unavailable', null)
      try {
        return await withinBudget((inner) => primary.extract(text, hint, inner), options.budgetMs, signal)
      } catch (error) {
        return second(error instanceof TooSlow ? 'slow' : 'failed', error) // whatever the first one's trouble is, the caller gets an answer
      }
    },
  }
}

async function withinBudget<Result>(
  ask: (signal: AbortSignal) => Promise<Result>,
  budgetMs: number,
  outer: AbortSignal | undefined,
): Promise<Result> {
  const stop = new AbortController()
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TooSlow(`no answer within ${budgetMs} ms`)
      reject(error)
      stop.abort(error)
    }, budgetMs)
  })
  try {
    return await Promise.race([ask(signal), tooSlow])
  } finally {
    clearTimeout(timer)
  }
}
