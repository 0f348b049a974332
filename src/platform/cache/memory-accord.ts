// An accord inside one process: several "processes" of a test share it. Alone, it is that of whoever has nobody to agree with.
import type { Accord } from './accord.ts'
import type { Drop } from './drop.ts'

export interface MemoryAccord {
  join(): Accord
  /** While it is cut off nobody trusts what is near, and telling fails. */
  cut(off: boolean): void
}

export function memoryAccord(): MemoryAccord {
  const listeners = new Set<(drop: Drop | null) => void>()
  const epochs = new Map<string, number>()
  let off = false
  const say = async (drop: Drop, raise: string | undefined): Promise<void> => {
    if (off) throw new Error('nobody hears')
    if (raise !== undefined) epochs.set(raise, (epochs.get(raise) ?? 0) + 1)
    for (const listener of listeners) listener(drop)
  }
  return {
    join: () => {
      let mine: ((drop: Drop | null) => void) | null = null
      return {
        trusted: () => !off,
        trust: async () => !off,
        epoch: (scope) => epochs.get(scope) ?? 0,
        tell: say,
        tellWith: async (tx, drop, raise) => tx.afterCommit(() => say(drop, raise)),
        onForget: (forget) => {
          mine = forget
          listeners.add(forget)
        },
        close: async () => {
          if (mine) listeners.delete(mine)
        },
      }
    },
    cut: (cutOff) => {
      if (off && !cutOff) for (const listener of listeners) listener(null)
      off = cutOff
    },
  }
}
