// When somebody asks this process to stop. Light, because it must listen before everything else is loaded.

/** One Ctrl-C can arrive twice: from the terminal, and again from npm, which passes it on. */
const sameRequestMs = 1_000

/** Resolves at the first SIGINT or SIGTERM; who asks again after a second does not want to wait. */
export function untilAsked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | null = null
    const onSignal = (signal: NodeJS.Signals) => {
      if (askedAt !== null && performance.now() - askedAt > sameRequestMs) process.exit(130)
      askedAt ??= performance.now()
      resolve(signal)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}
