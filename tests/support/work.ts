/** Keeps this thread busy for so many milliseconds of its own processor time. */
export function workFor(ms: number): void {
  const began = ownMs()
  while (ownMs() - began < ms);
}

const ownMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
