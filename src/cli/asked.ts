// When somebody asks this process to stop. Light, because it must listen before everything else is loaded.

/** One Ctrl-C can arrive twice: from the terminal, and again from npm, which passes it on. */
const sameRequestMs = 1_000

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Resolves at the first of `signals`; who asks again after a second does not want to wait. */
export function untilAsked(signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | null = null
    const onSignal = (signal: NodeJS.Signals) => {
      if (askedAt !== null && performance.now() - askedAt > sameRequestMs) process.exit(130)
      askedAt ??= performance.now()
      resolve(signal)
    }
    for (const signal of signals) process.on(signal, onSignal)
  })
}
