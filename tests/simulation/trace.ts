// What was done, in a form that two runs of one seed share: a line for each action with what came of it, hashed lane by
// lane, and the last ones kept for whoever reads of a violation.
import { createHash } from 'node:crypto'

export interface Trace {
  /** @param lane whose actions follow one another: an organisation's, or the machine's */
  note(lane: string, at: number, line: string): void
  count(what: string): void
  /** Of every line so far; equal for equal seeds. */
  hash(): string
  last(): readonly string[]
  readonly actions: number
  readonly counts: ReadonlyMap<string, number>
}

const remembered = 30

export function openTrace(): Trace {
  const lanes = new Map<string, ReturnType<typeof createHash>>()
  const counts = new Map<string, number>()
  const last: string[] = []
  let actions = 0
  const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1)
  return {
    note(lane, at, line) {
      const whole = `${new Date(at).toISOString().slice(0, 19)}Z ${lane} ${line}`
      const hash = lanes.get(lane) ?? createHash('sha256')
      lanes.set(lane, hash.update(`${whole}\n`))
      last.push(whole)
      if (last.length > remembered) last.shift()
      actions += 1
    },
    count,
    hash() {
      const parts = [...lanes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([lane, hash]) => `${lane} ${hash.copy().digest('hex')}`)
      return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)
    },
    last: () => last,
    get actions() {
      return actions
    },
    counts,
  }
}
