// Waits for a condition, never for a time: asks again as soon as the answer is in, and says what it waited for in vain.
export async function until<T>(what: string, ask: () => Promise<T | null | undefined | false>, withinMs = 15_000): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const found = await ask()
    if (found) return found
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise(setImmediate)
  }
}
