// Words on the terminal: steps with the time they take, colour only where it is seen.

/** What went wrong, for the person at the terminal: one sentence with what to do. */
export class CommandError extends Error {}

const colours = process.stdout.isTTY
const paint = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint(1)
export const dim = paint(2)
export const green = paint(32)
export const cyan = paint(36)
export const yellow = paint(33)

export const say = (text = ''): void => void process.stdout.write(`${text}\n`)

let progressEnded = false
/** From now on no step tells of itself: what still runs is not waited for. */
export function endProgress(): void {
  progressEnded = true
}

/** Tells of a step that takes longer than a second; its line is repeated with the seconds (and a new title) on a terminal. */
export async function step<T>(title: string | (() => string), work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const named = () => (typeof title === 'string' ? title : title())
  const elapsed = () => `${((performance.now() - began) / 1000).toFixed(1)} s`
  const timer = setInterval(() => {
    if (progressEnded) return
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${dim(`  ${named()} … ${elapsed()}`)}`)
    else say(`  ${named()} … ${elapsed()}`)
  }, 1000)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    if (!progressEnded && performance.now() - began > 1000)
      say(`${process.stdout.isTTY ? '\r\u001b[K' : ''}${dim(`  ${named()}: ${elapsed()}`)}`)
  }
}

/** `90s`, `15m`, `1h`, `30d` in seconds. */
export function parseDuration(text: string, option: string): number {
  const found = /^(\d{1,6})\s*([smhd])$/.exec(text.trim())
  const unit = { s: 1, m: 60, h: 3600, d: 86_400 }[found?.[2] ?? '']
  if (!found || !unit) throw new CommandError(`${option} must be a duration such as 90s, 15m, 1h or 30d, not ${text}.`)
  return Number(found[1]) * unit
}

export function parseId(text: string | undefined, option: string): number {
  if (!text || !/^\d{1,15}$/.test(text)) throw new CommandError(`${option} must be a number.`)
  return Number(text)
}
