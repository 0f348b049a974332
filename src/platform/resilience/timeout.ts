/** Runs `fn` for at most `ms`; then throws `late()` and aborts the signal. What `fn` does afterwards is nobody's business. */
export async function withTimeout<T>(ms: number, late: () => Error, fn: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const deadline = Promise.withResolvers<never>()
  const expire = () => {
    const error = late()
    deadline.reject(error)
    controller.abort(error)
  }
  // After a busy stretch timers run before the sockets are read: an answer that has arrived already gets its turn first.
  const timer = setTimeout(() => setImmediate(expire), ms)
  try {
    return await Promise.race([fn(controller.signal), deadline.promise])
  } finally {
    clearTimeout(timer)
  }
}
